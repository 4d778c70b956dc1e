from datetime import date

from ledger import Account, Chart, Journal, Posting


def a_chart():
    return Chart(
        [
            Account("1000", "Bank", "asset"),
            Account("1200", "Receivables", "asset"),
            Account("2000", "Payables", "liability"),
            Account("3000", "Capital", "equity"),
            Account("4000", "Sales", "income"),
            Account("5000", "Rent", "expense"),
        ]
    )


def a_journal():
    journal = Journal(a_chart())
    journal.record(date(2025, 1, 2), "Capital", Posting("1000", 500000), Posting("3000", -500000))
    journal.record(date(2025, 1, 15), "Invoice 1", Posting("1200", 120000), Posting("4000", -120000))
    journal.record(date(2025, 1, 31), "Rent", Posting("5000", 80000), Posting("2000", -80000))
    journal.record(date(2025, 2, 10), "Payment of invoice 1", Posting("1000", 120000), Posting("1200", -120000))
    return journal
