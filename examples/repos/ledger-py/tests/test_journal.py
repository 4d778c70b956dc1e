import unittest
from datetime import date

from ledger import Account, Posting, UnbalancedEntry, UnknownAccount
from tests.books import a_chart, a_journal


class ChartTest(unittest.TestCase):
    def test_refuses_a_code_twice(self):
        with self.assertRaises(ValueError):
            a_chart().add(Account("1000", "Cash", "asset"))

    def test_refuses_an_unknown_kind(self):
        with self.assertRaises(ValueError):
            Account("9000", "Other", "misc")

    def test_lists_a_kind_by_code(self):
        self.assertEqual([account.code for account in a_chart().of_kind("asset")], ["1000", "1200"])


class JournalTest(unittest.TestCase):
    def test_numbers_entries(self):
        self.assertEqual([entry.number for entry in a_journal().entries], [1, 2, 3, 4])

    def test_refuses_an_unbalanced_entry(self):
        with self.assertRaisesRegex(UnbalancedEntry, "off by 1"):
            a_journal().record(date(2025, 3, 1), "Slip", Posting("1000", 101), Posting("4000", -100))

    def test_refuses_a_single_posting(self):
        with self.assertRaises(UnbalancedEntry):
            a_journal().record(date(2025, 3, 1), "Nothing", Posting("1000", 0))

    def test_refuses_an_unknown_account(self):
        with self.assertRaises(UnknownAccount):
            a_journal().record(date(2025, 3, 1), "Slip", Posting("1001", 100), Posting("4000", -100))

    def test_balances_in_the_direction_of_the_account(self):
        journal = a_journal()
        self.assertEqual(journal.balance("1000"), 620000)
        self.assertEqual(journal.balance("4000"), 120000)
        self.assertEqual(journal.balance("2000"), 80000)

    def test_balance_includes_the_last_day(self):
        journal = a_journal()
        self.assertEqual(journal.balance("1200", until=date(2025, 1, 15)), 120000)
        self.assertEqual(journal.balance("1200", until=date(2025, 1, 14)), 0)

    def test_a_reversal_cancels_its_entry(self):
        journal = a_journal()
        reversal = journal.reverse(3, date(2025, 2, 11))
        self.assertEqual(reversal.text, "Reversal of 3: Rent")
        self.assertEqual(journal.balance("5000"), 0)


if __name__ == "__main__":
    unittest.main()
