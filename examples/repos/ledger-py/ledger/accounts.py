"""The chart of accounts."""

from dataclasses import dataclass

KINDS = ("asset", "liability", "equity", "income", "expense")
DEBIT_NORMAL = ("asset", "expense")


class UnknownAccount(KeyError):
    pass


@dataclass(frozen=True)
class Account:
    code: str
    name: str
    kind: str

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of account: {self.kind}")

    @property
    def sign(self):
        """1 where debits increase the account, -1 where credits do."""
        return 1 if self.kind in DEBIT_NORMAL else -1


class Chart:
    def __init__(self, accounts=()):
        self._accounts = {}
        for account in accounts:
            self.add(account)

    def add(self, account):
        if account.code in self._accounts:
            raise ValueError(f"account {account.code} exists already")
        self._accounts[account.code] = account

    def __getitem__(self, code):
        try:
            return self._accounts[code]
        except KeyError:
            raise UnknownAccount(code) from None

    def of_kind(self, *kinds):
        found = [account for account in self._accounts.values() if account.kind in kinds]
        return sorted(found, key=lambda account: account.code)
