"""Open items by how long they are overdue."""

from dataclasses import dataclass
from datetime import date

BUCKET_DAYS = 30
BUCKETS = ("not due", "1-30", "31-60", "61-90", "over 90")


@dataclass(frozen=True)
class OpenItem:
    customer: str
    due: date
    amount: int


def bucket_of(due, today):
    overdue = (today - due).days
    if overdue <= 0:
        return BUCKETS[0]
    index = (overdue - 1) // BUCKET_DAYS + 1
    return BUCKETS[min(index, len(BUCKETS))]


def ageing_report(items, today):
    """Totals per customer and bucket, the largest debtor first."""
    report = {}
    for item in items:
        row = report.setdefault(item.customer, dict.fromkeys(BUCKETS, 0))
        row[bucket_of(item.due, today)] += item.amount
    return sorted(report.items(), key=lambda pair: (-sum(pair[1].values()), pair[0]))


def oldest_first(items, today):
    overdue = [item for item in items if item.due < today]
    return sorted(overdue, key=lambda item: item.due)
