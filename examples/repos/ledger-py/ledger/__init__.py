from .accounts import Account, Chart, UnknownAccount
from .ageing import ageing_report
from .journal import Entry, Journal, Posting, UnbalancedEntry
from .money import format_cents, parse_cents
from .statements import balance_sheet, income, trial_balance

__all__ = [
    "Account",
    "Chart",
    "Entry",
    "Journal",
    "Posting",
    "UnbalancedEntry",
    "UnknownAccount",
    "ageing_report",
    "balance_sheet",
    "format_cents",
    "income",
    "parse_cents",
    "trial_balance",
]
