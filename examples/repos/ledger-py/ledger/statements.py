"""Statements drawn from a journal."""


def trial_balance(journal, until=None):
    """Rows of (code, debit, credit) for accounts with a balance; both columns have the same total."""
    rows = []
    for account in journal.chart.of_kind("asset", "liability", "equity", "income", "expense"):
        net = journal.balance(account.code, until) * account.sign
        if net != 0:
            rows.append((account.code, max(net, 0), max(-net, 0)))
    return rows


def income(journal, until=None):
    return _total(journal, until, "income") - _total(journal, until, "expense")


def balance_sheet(journal, until=None):
    """Profit that is not closed yet counts as equity, so that the sheet balances on any day."""
    assets = _total(journal, until, "asset")
    liabilities = _total(journal, until, "liability")
    equity = _total(journal, until, "equity") + income(journal, until)
    return {"assets": assets, "liabilities": liabilities, "equity": equity}


def _total(journal, until, *kinds):
    return sum(journal.balance(account.code, until) for account in journal.chart.of_kind(*kinds))
