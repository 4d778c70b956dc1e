import unittest
from datetime import date, timedelta

from ledger.ageing import OpenItem, ageing_report, bucket_of, oldest_first

TODAY = date(2025, 6, 30)


def overdue_by(days, customer="Harbour Cafe", amount=1000):
    return OpenItem(customer, TODAY - timedelta(days=days), amount)


class AgeingTest(unittest.TestCase):
    def test_an_item_due_today_is_not_overdue(self):
        self.assertEqual(bucket_of(TODAY, TODAY), "not due")
        self.assertEqual(bucket_of(TODAY + timedelta(days=5), TODAY), "not due")

    def test_buckets_are_thirty_days_wide(self):
        found = [bucket_of(overdue_by(days).due, TODAY) for days in (1, 30, 31, 60, 61, 90)]
        self.assertEqual(found, ["1-30", "1-30", "31-60", "31-60", "61-90", "61-90"])

    def test_the_last_bucket_has_no_end(self):
        self.assertEqual(bucket_of(overdue_by(91).due, TODAY), "over 90")
        self.assertEqual(bucket_of(overdue_by(400).due, TODAY), "over 90")

    def test_the_report_adds_up_per_customer_and_bucket(self):
        ((customer, row),) = ageing_report([overdue_by(3), overdue_by(20), overdue_by(45)], TODAY)
        self.assertEqual(customer, "Harbour Cafe")
        self.assertEqual((row["1-30"], row["31-60"]), (2000, 1000))

    def test_the_largest_debtor_comes_first(self):
        items = [overdue_by(3), overdue_by(3, "Mill Bakery", 5000), overdue_by(3, "Abbey Inn", 1000)]
        names = [customer for customer, _ in ageing_report(items, TODAY)]
        self.assertEqual(names, ["Mill Bakery", "Abbey Inn", "Harbour Cafe"])

    def test_overdue_items_are_listed_oldest_first(self):
        items = [overdue_by(2), overdue_by(0), overdue_by(9)]
        self.assertEqual([(TODAY - item.due).days for item in oldest_first(items, TODAY)], [9, 2])


if __name__ == "__main__":
    unittest.main()
