"""JSON lines from outside into accounts and transfers. Whether the books take them is not judged here.

A line that is not what it must be raises InputError with the file, the line, the field and what was expected.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from custody.accounts import Account, Code, Limit
from custody.transfers import Kind, Reason, Transfer
from settlement.commands.fields import records

ACCOUNT_FIELDS = ("id", "asset", "code", "limit")
TRANSFER_FIELDS = (
    "id", "debit_account", "credit_account", "amount", "reason", "kind", "pending_id", "linked", "reference",
    "occurred_at_s", "expires_at_s",
)  # fmt: skip
# What the listings add is passed over, so that what was listed can be read again.
_ACCOUNT_LISTED = ("balance",)
_TRANSFER_LISTED = ("position", "recorded_at_s", "digest")

_ACCOUNT_ID = re.compile(r"[A-Za-z0-9_.:/-]{1,256}")
_ASSET = re.compile(r"[A-Za-z0-9_.-]{1,32}")


@dataclass(frozen=True, slots=True)
class Numbered:
    """A transfer with the number of the line that it stands in, from 1."""

    line: int
    transfer: Transfer


def transfers_in(source: str, lines: Iterable[bytes]) -> Iterator[Numbered]:
    """The transfers in lines of JSON; `source` is their name in an InputError. Empty lines are passed over.

    `amount` is an int or a decimal string, in ledger units. Enums are given by name, in either case.
    """
    for number, fields in records(source, lines, TRANSFER_FIELDS, _TRANSFER_LISTED):
        kind = fields.member("kind", Kind, Kind.POSTED)
        yield Numbered(
            number,
            Transfer(
                id=fields.text("id"),
                # A POST or VOID takes its accounts, and its amount, from the pending transfer that it ends.
                debit_account=fields.text("debit_account", "" if kind.resolves else None),
                credit_account=fields.text("credit_account", "" if kind.resolves else None),
                amount=fields.units("amount", 0 if kind.resolves else None),
                reason=fields.member("reason", Reason),
                kind=kind,
                pending_id=fields.text("pending_id", ""),
                linked=fields.flag("linked"),
                reference=fields.text("reference", ""),
                occurred_at_s=fields.time_s("occurred_at_s"),
                expires_at_s=fields.time_s("expires_at_s"),
            ),
        )


def accounts_in(source: str, lines: Iterable[bytes]) -> Iterator[Account]:
    """The accounts in lines of JSON; none of the four fields may be left out."""
    for _, fields in records(source, lines, ACCOUNT_FIELDS, _ACCOUNT_LISTED):
        yield Account(
            fields.plain("id", _ACCOUNT_ID, "1 to 256 of A-Z a-z 0-9 _ . : / -"),
            fields.plain("asset", _ASSET, "1 to 32 of A-Z a-z 0-9 _ . -"),
            fields.member("code", Code),
            fields.member("limit", Limit),
        )


def batches(transfers: Iterable[Numbered], size: int) -> Iterator[list[Numbered]]:
    """The transfers in lists of `size`, longer where a linked chain would be cut and shorter at the end."""
    batch: list[Numbered] = []
    for numbered in transfers:
        batch.append(numbered)
        if len(batch) >= size and not numbered.transfer.linked:
            yield batch
            batch = []
    if batch:
        yield batch
