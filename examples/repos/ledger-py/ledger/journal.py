"""Journal entries: balanced sets of postings, never changed, only reversed."""

from dataclasses import dataclass
from datetime import date


class UnbalancedEntry(ValueError):
    pass


@dataclass(frozen=True)
class Posting:
    account: str
    amount: int
    """Debits are positive, credits negative."""


@dataclass(frozen=True)
class Entry:
    number: int
    day: date
    text: str
    postings: tuple


class Journal:
    def __init__(self, chart):
        self.chart = chart
        self.entries = []

    def record(self, day, text, *postings):
        for posting in postings:
            self.chart[posting.account]
        difference = sum(posting.amount for posting in postings)
        if difference != 0 or len(postings) < 2:
            raise UnbalancedEntry(f"{text}: off by {difference}")
        entry = Entry(len(self.entries) + 1, day, text, tuple(postings))
        self.entries.append(entry)
        return entry

    def reverse(self, number, day):
        entry = self.entries[number - 1]
        mirrored = [Posting(posting.account, -posting.amount) for posting in entry.postings]
        return self.record(day, f"Reversal of {entry.number}: {entry.text}", *mirrored)

    def balance(self, code, until=None):
        """The balance in the account's own direction, with all entries up to and including a day."""
        account = self.chart[code]
        total = 0
        for entry in self.entries:
            if until is not None and entry.day > until:
                continue
            total += sum(posting.amount for posting in entry.postings if posting.account == code)
        return total * account.sign
