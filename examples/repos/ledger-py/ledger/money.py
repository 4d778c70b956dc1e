"""Amounts are whole cents. Text such as "1,234.50" is parsed at the edge and formatted at the edge."""

import re

_AMOUNT = re.compile(r"^(-?)(\d{1,3}(?:,\d{3})*|\d+)(?:\.(\d{2}))?$")


def parse_cents(text):
    match = _AMOUNT.match(text.strip())
    if match is None:
        raise ValueError(f"not an amount: {text!r}")
    sign, units, cents = match.groups()
    total = int(units.replace(",", "")) * 100 + int(cents or 0)
    return -total if sign else total


def format_cents(amount):
    sign = "-" if amount < 0 else ""
    units, cents = divmod(abs(amount), 100)
    return f"{sign}{units:,}.{cents:02d}"
