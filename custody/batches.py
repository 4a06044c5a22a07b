"""A set of transfers on its way into the books, in columns: what the kernel judges, and the rows that come of it.

Most columns of most sets hold one value throughout; such a column is that value, said once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import compress, repeat
from typing import Any, TypeAlias

import numpy as np

from custody.columns import Columns
from custody.journal import TRANSFER_DOMAIN
from custody.tallies import Tally
from custody.transfers import Transfer

_FIXED = np.dtype([
    ("domain", "S17"), ("position", ">i8"), ("debit_keys", ">i8"), ("credit_keys", ">i8"), ("amounts", ">i8"),
    ("pending", ">i8"), ("occurred_at_s", ">i8"), ("expires_at_s", ">i8"), ("reasons", ">u2"), ("kinds", "u1"),
    ("linked", "u1"), ("length", "u1"),
])  # fmt: skip
"""The fixed part of a transfer's encoding, as in `custody.journal`."""

Numbers: TypeAlias = Sequence[int] | int
Texts: TypeAlias = Sequence[str] | str
Tallies: TypeAlias = Sequence[Tally | None]


@dataclass(slots=True)
class Rows:
    """Rows to be appended to `transfer` from position `first` on, in columns; a column of one value is that value.

    `pending_positions`: None throughout, or a list with None where nothing is ended.
    """

    first: int
    ids: Sequence[str]
    debit_keys: Numbers
    credit_keys: Numbers
    amounts: Numbers
    reasons: Numbers
    kinds: Numbers
    references: Texts
    occurred_at_s: Numbers
    expires_at_s: Numbers
    digests: Sequence[bytes]
    pending_positions: Sequence[int | None] | None = None
    linked: Numbers = 0

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self) -> Iterable[tuple[Any, ...]]:
        """The rows, in the order of TRANSFER_COLUMNS."""
        pending = self.pending_positions if self.pending_positions is not None else repeat(None)
        return zip(
            range(self.first, self.first + len(self.ids)), self.ids, _each(self.debit_keys), _each(self.credit_keys),
            _each(self.amounts), _each(self.reasons), _each(self.kinds), pending, _each(self.linked),
            _each(self.references), _each(self.occurred_at_s), _each(self.expires_at_s), self.digests, strict=False,
        )  # fmt: skip


@dataclass(slots=True)
class Batch:
    """What the kernel can judge, in the columns of `Rows`; a tally is None where there is no such account."""

    debits: Tallies
    credits: Tallies
    ids: Sequence[str]
    debit_keys: Numbers
    credit_keys: Numbers
    amounts: Numbers
    reasons: Numbers
    kinds: Numbers
    references: Texts
    occurred_at_s: Numbers
    expires_at_s: Numbers

    def each(self, name: str) -> Iterable[Any]:
        """A column's values, one by one; without an end where it is one value."""
        return _each(getattr(self, name))

    def without(self, indices: Iterable[int]) -> "Batch":
        """The batch without the transfers at these indices."""
        keep = [True] * len(self.ids)
        for index in indices:
            keep[index] = False
        columns: dict[str, Any] = {}
        for name in Batch.__slots__:
            column = getattr(self, name)
            columns[name] = column if isinstance(column, int | str) else list(compress(column, keep))
        return replace(self, **columns)

    def rows(self, first: int) -> Rows:
        """The rows, from a position on; every account is known."""
        columns: dict[str, Any] = {name: getattr(self, name) for name in _COLUMNS}
        return Rows(first, digests=self._digests(first), **columns)

    def _digests(self, first: int) -> list[bytes]:
        """`journal.digest_of` of every row: the fixed parts of all at once, for else they cost as much as the hash."""
        fixed = np.zeros(len(self.ids), dtype=_FIXED)
        fixed["domain"], fixed["position"] = TRANSFER_DOMAIN, np.arange(first, first + len(self.ids))
        for name in ("debit_keys", "credit_keys", "amounts", "occurred_at_s", "expires_at_s", "reasons", "kinds"):
            fixed[name] = getattr(self, name)
        fixed["length"] = list(map(len, self.ids))
        packed, width = fixed.tobytes(), fixed.itemsize
        starts = range(0, len(packed), width)
        if isinstance(self.references, str):
            end = self.references.encode()
            parts = (packed[at : at + width] + name.encode() + end for at, name in zip(starts, self.ids, strict=True))
        else:
            parts = (
                packed[at : at + width] + name.encode() + reference.encode()
                for at, name, reference in zip(starts, self.ids, self.references, strict=True)
            )
        return [sha256(part).digest() for part in parts]


_COLUMNS = Batch.__slots__[2:]


def batch_of(transfers: Sequence[Transfer], debits: Tallies, credits_: Tallies) -> Batch:
    """The transfers in columns, with the tallies of their accounts."""
    return Batch(
        debits,
        credits_,
        [one.id for one in transfers],
        [tally.key if tally else 0 for tally in debits],
        [tally.key if tally else 0 for tally in credits_],
        [one.amount for one in transfers],
        _said_once([int(one.reason) for one in transfers]),
        _said_once([int(one.kind) for one in transfers]),
        _said_once([one.reference for one in transfers]),
        _said_once([one.occurred_at_s for one in transfers]),
        _said_once([one.expires_at_s for one in transfers]),
    )


def batch_of_columns(columns: Columns, debits: Tallies, credits_: Tallies) -> Batch:
    """The same from arrays."""
    return Batch(
        debits,
        credits_,
        columns.ids,
        columns.numbers("debit_accounts"),
        columns.numbers("credit_accounts"),
        columns.numbers("amounts"),
        columns.numbers("reasons"),
        columns.numbers("kinds"),
        columns.references,
        columns.numbers("occurred_at_s"),
        columns.numbers("expires_at_s"),
    )


def _each(column: Any) -> Iterable[Any]:
    return repeat(column) if isinstance(column, int | str) else column


def _said_once(column: list[Any]) -> Any:
    return column[0] if column and column.count(column[0]) == len(column) else column
