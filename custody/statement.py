"""A statement of account: what stood there, every movement with the balance after it, and what stands there now.

It is drawn from both ends at once, the movements from the journal and the totals from a count of their own, and is
refused where they disagree. What is only reserved has moved nothing and is no entry. Balances are posted credits less
posted debits, so what the custodian owes is positive and the vault negative.
"""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass

from custody.accounts import Account, Totals
from custody.journal import Recorded
from custody.money import Asset
from custody.transfers import Kind, Reason


class StatementError(ValueError):
    """Movements that do not lead from the opening to the closing totals, or an asset that is not the account's."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement as the account sees it; one of `debit` and `credit` is 0. Ledger units, UTC seconds."""

    position: int
    transfer_id: str
    recorded_at_s: int
    counter_account: str
    debit: int
    credit: int
    balance: int
    reason: Reason
    reference: str


@dataclass(frozen=True, slots=True)
class Statement:
    """The movements of an account recorded from `from_s` until before `to_s` (UTC seconds), in journal order."""

    account: Account
    from_s: int
    to_s: int
    opening: Totals
    closing: Totals
    entries: tuple[Entry, ...]

    @property
    def debits(self) -> int:
        """The sum of all debits among the entries, in ledger units."""
        return sum(entry.debit for entry in self.entries)

    @property
    def credits(self) -> int:
        """The sum of all credits among the entries, in ledger units."""
        return sum(entry.credit for entry in self.entries)


def draw(
    account: Account, from_s: int, to_s: int, opening: Totals, closing: Totals, journal: Iterable[Recorded]
) -> Statement:
    """The statement of an account from its totals at both ends and its transfers between, in journal order.

    StatementError where the transfers do not add up to the difference, or one of them does not touch the account.
    """
    statement = Statement(account, from_s, to_s, opening, closing, _entries(account.id, opening.balance, journal))
    counted = (statement.debits, statement.credits)
    expected = (closing.debits_posted - opening.debits_posted, closing.credits_posted - opening.credits_posted)
    if counted != expected:
        raise StatementError(
            f"{account.id}: the entries sum to {counted[0]} debited and {counted[1]} credited, "
            f"the totals differ by {expected[0]} and {expected[1]}"
        )
    return statement


def as_json(statement: Statement, asset: Asset | None = None) -> str:
    """The statement as one JSON object on one line; amounts are strings in `asset`'s scale, else in ledger units.

    "scale" is null for ledger units. StatementError for another asset than the account's.
    """
    _require_same(statement, asset)
    return json.dumps({
        "account": statement.account.id,
        "asset": statement.account.asset,
        "scale": None if asset is None else asset.scale,
        "from_s": statement.from_s,
        "to_s": statement.to_s,
        "opening_balance": _amount(statement.opening.balance, asset),
        "entries": [dict(zip(COLUMNS, _cells(entry, asset), strict=True)) for entry in statement.entries],
        "debits": _amount(statement.debits, asset),
        "credits": _amount(statement.credits, asset),
        "closing_balance": _amount(statement.closing.balance, asset),
    })  # fmt: skip


def as_csv(statement: Statement, asset: Asset | None = None) -> str:
    """The statement as CSV (RFC 4180): a header, the opening, a line an entry, the closing with both sums.

    Amounts as in `as_json`; the first and last line have no position and say what they are in `reason`.
    """
    _require_same(statement, asset)
    lines = _Lines()
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    writer.writerow(["", "", "", "", "", "", _amount(statement.opening.balance, asset), "opening", ""])
    writer.writerows(_cells(entry, asset) for entry in statement.entries)
    sums = [_amount(units, asset) for units in (statement.debits, statement.credits, statement.closing.balance)]
    writer.writerow(["", "", "", "", *sums, "closing", ""])
    return "".join(lines)


COLUMNS = (
    "position", "transfer_id", "recorded_at_s", "counter_account", "debit", "credit", "balance", "reason", "reference"
)  # fmt: skip
"""The columns of the CSV and the keys of an entry in JSON."""


class _Lines(list[str]):
    """What a CSV writer writes to, without a file."""

    def write(self, line: str) -> None:
        self.append(line)


def _entries(account_id: str, balance: int, journal: Iterable[Recorded]) -> tuple[Entry, ...]:
    entries = []
    for recorded in journal:
        transfer = recorded.transfer
        if transfer.kind not in {Kind.POSTED, Kind.POST}:
            continue
        if account_id not in {transfer.debit_account, transfer.credit_account}:
            raise StatementError(f"position {recorded.position} ({transfer.id}) does not touch {account_id}")
        is_debit = transfer.debit_account == account_id
        debit, credit = (transfer.amount, 0) if is_debit else (0, transfer.amount)
        balance += credit - debit
        counter_account = transfer.credit_account if is_debit else transfer.debit_account
        entries.append(
            Entry(
                recorded.position,
                transfer.id,
                recorded.recorded_at_s,
                counter_account,
                debit,
                credit,
                balance,
                transfer.reason,
                transfer.reference,
            )
        )
    return tuple(entries)


def _cells(entry: Entry, asset: Asset | None) -> tuple[int | str, ...]:
    return (
        entry.position,
        entry.transfer_id,
        entry.recorded_at_s,
        entry.counter_account,
        _amount(entry.debit, asset),
        _amount(entry.credit, asset),
        _amount(entry.balance, asset),
        entry.reason.name.lower(),
        entry.reference,
    )


def _amount(units: int, asset: Asset | None) -> str:
    # Without thousands separators, so that `Asset.parse` and any other program reads it back.
    return str(units) if asset is None else asset.format(units).replace(",", "")


def _require_same(statement: Statement, asset: Asset | None) -> None:
    if asset is not None and asset.symbol != statement.account.asset:
        raise StatementError(
            f"{statement.account.id} holds {statement.account.asset}; it cannot be told in {asset.symbol}"
        )
