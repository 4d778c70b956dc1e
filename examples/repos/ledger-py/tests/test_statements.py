import unittest
from datetime import date

from ledger import balance_sheet, income, trial_balance
from tests.books import a_journal


class StatementsTest(unittest.TestCase):
    def test_trial_balance_has_equal_columns(self):
        rows = trial_balance(a_journal())
        self.assertEqual(sum(debit for _, debit, _ in rows), sum(credit for _, _, credit in rows))

    def test_trial_balance_leaves_out_settled_accounts(self):
        self.assertEqual([code for code, _, _ in trial_balance(a_journal())], ["1000", "2000", "3000", "4000", "5000"])

    def test_income_is_what_is_left_after_expenses(self):
        self.assertEqual(income(a_journal()), 40000)
        self.assertEqual(income(a_journal(), until=date(2025, 1, 30)), 120000)

    def test_balance_sheet_balances_on_any_day(self):
        for day in (date(2025, 1, 2), date(2025, 1, 20), date(2025, 2, 28)):
            sheet = balance_sheet(a_journal(), until=day)
            self.assertEqual(sheet["assets"], sheet["liabilities"] + sheet["equity"])


if __name__ == "__main__":
    unittest.main()
