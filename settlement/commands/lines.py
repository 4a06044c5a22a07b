"""JSON lines from outside into accounts and transfers. Whether the books take them is not judged here.

A line that is not what it must be raises InputError with the file, the line, the field and what was expected.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from custody.accounts import Account, Code, Limit
from custody.transfers import Kind, Reason, Transfer
from settlement.commands.fields import Fields, InputError, records

ACCOUNT_FIELDS = ("id", "asset", "code", "limit")
TRANSFER_FIELDS = (
    "id", "debit_account", "credit_account", "amount", "reason", "kind", "pending_id", "linked", "reference",
    "occurred_at_s", "expires_at_s",
)  # fmt: skip
# What the listings add is passed over, so that what was listed can be read again.
_ACCOUNT_LISTED = ("balance", "closed_at_s")
_TRANSFER_LISTED = ("position", "recorded_at_s", "checksum")

_ACCOUNT_ID = re.compile(r"[A-Za-z0-9_.:/-]{1,256}")
_ASSET = re.compile(r"[A-Za-z0-9_.-]{1,32}")

LONGEST_CHAIN = 100_000
"""Linked transfers in a row: a chain is held in memory as a whole, for it stands or falls so."""

_REASONS = {spelt: member for member in Reason for spelt in (member.name, member.name.lower())}
_PLAIN_KINDS = {"posted": Kind.POSTED, "pending": Kind.PENDING}
_WIDEST = 19  # digits of 64 bits
_END = 2**63


class Numbered(NamedTuple):
    """A transfer with the number of the line that it stands in, from 1."""

    line: int
    transfer: Transfer


def transfers_in(source: str, lines: Iterable[bytes]) -> Iterator[Numbered]:
    """The transfers in lines of JSON; `source` is their name in an InputError. Empty lines are passed over.

    `amount` is an int or a decimal string, in ledger units. Enums are given by name, in either case.
    """
    in_chain = 0
    for number, fields in records(source, lines, TRANSFER_FIELDS, _TRANSFER_LISTED):
        transfer = _plain(fields.values) or _each_asked_for(fields)
        in_chain = in_chain + 1 if transfer.linked else 0
        if in_chain >= LONGEST_CHAIN:
            raise InputError(f"{fields.place}: linked: expected the chain to end within {LONGEST_CHAIN} transfers")
        yield Numbered(number, transfer)


def _plain(values: Mapping[str, Any]) -> Transfer | None:
    """The transfer in fields that hold what nearly all do; None where they have to be asked for one by one.

    What it answers, `_each_asked_for` would too, for three times the time: most of what a line costs is its reading.
    """
    look = values.get
    amount: Any = look("amount")
    linked, occurred_at_s, expires_at_s = look("linked", False), look("occurred_at_s", 0), look("expires_at_s", 0)
    try:
        name, debit, credit = values["id"], values["debit_account"], values["credit_account"]
        reference = look("reference", "")
        is_plain = "".join((name, debit, credit, reference)).isascii()
        kind, reason = _PLAIN_KINDS[look("kind", "posted")], _REASONS[values["reason"]]
    except (KeyError, TypeError):  # left out, or no text
        return None
    if type(amount) is str and amount.isascii() and amount.isdigit() and len(amount) <= _WIDEST:
        amount = int(amount)
    # Asked by type, for true is an int as well.
    is_whole = type(amount) is type(occurred_at_s) is type(expires_at_s) is int
    if not is_plain or not is_whole or type(linked) is not bool or look("pending_id", "") != "":
        return None
    if not 0 <= occurred_at_s < _END or not 0 <= expires_at_s < _END:
        return None
    return Transfer(name, debit, credit, amount, reason, kind, "", linked, reference, occurred_at_s, expires_at_s)


def _each_asked_for(fields: Fields) -> Transfer:
    kind = fields.member("kind", Kind, Kind.POSTED)
    return Transfer(
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
