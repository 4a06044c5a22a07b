"""A set of transfers on its way into the books, in columns: what the kernel judges, and the rows that come of it.

Most columns of most sets hold one value throughout; such a column is that value, said once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress, repeat
from typing import Any, TypeAlias

import numpy as np

from custody.columns import Columns
from custody.journal import checksum_of
from custody.tallies import Tally
from custody.transfers import Transfer

_FIXED = np.dtype([
    ("position", ">i8"), ("debit_keys", ">i8"), ("credit_keys", ">i8"), ("amounts", ">i8"),
    ("pending", ">i8"), ("occurred_at_s", ">i8"), ("expires_at_s", ">i8"), ("reasons", ">u2"), ("kinds", "u1"),
    ("linked", "u1"), ("length", "u1"), ("reference_length", ">u4"),
])  # fmt: skip
"""The fixed part of a transfer's encoding, as in `custody.journal`."""

Numbers: TypeAlias = Sequence[int] | int
Texts: TypeAlias = Sequence[str] | str
Tallies: TypeAlias = Sequence[Tally | None]


@dataclass(slots=True)
class Rows:
    """Rows to be appended to `transfer` from position `first` on, in columns; a column of one value is that value.

    `encoded`: the transfers in their places. `pending_positions`: None throughout, or None where nothing is ended.
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
    encoded: Sequence[bytes]
    pending_positions: Sequence[int | None] | None = None
    linked: Numbers = 0

    def __len__(self) -> int:
        return len(self.ids)

    def checksums(self) -> list[int]:
        """The checksum of every row."""
        return list(map(checksum_of, self.encoded))

    def rows(self) -> Iterable[tuple[Any, ...]]:
        """The rows, in the order of TRANSFER_COLUMNS."""
        pending = self.pending_positions if self.pending_positions is not None else repeat(None)
        return zip(
            range(self.first, self.first + len(self.ids)), self.ids, _each(self.debit_keys), _each(self.credit_keys),
            _each(self.amounts), _each(self.reasons), _each(self.kinds), pending, _each(self.linked),
            _each(self.references), _each(self.occurred_at_s), _each(self.expires_at_s), self.checksums(), strict=False,
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
        return Rows(first, encoded=self._encoded(first), **columns)

    def _encoded(self, first: int) -> list[bytes]:
        """`journal.encoded` of every row: the fixed parts of all at once, for one by one they cost the most."""
        fixed = np.zeros(len(self.ids), dtype=_FIXED)
        fixed["position"] = np.arange(first, first + len(self.ids))
        for name in ("debit_keys", "credit_keys", "amounts", "occurred_at_s", "expires_at_s", "reasons", "kinds"):
            fixed[name] = getattr(self, name)
        names = [name.encode() for name in self.ids]
        fixed["length"] = list(map(len, names))
        if isinstance(self.references, str):
            said_once = self.references.encode()
            fixed["reference_length"] = len(said_once)
            texts = [name + said_once for name in names] if said_once else names
        else:
            references = [reference.encode() for reference in self.references]
            fixed["reference_length"] = list(map(len, references))
            texts = [name + reference for name, reference in zip(names, references, strict=True)]
        packed, width = fixed.tobytes(), fixed.itemsize
        starts = range(0, len(packed), width)
        return [packed[at : at + width] + text for at, text in zip(starts, texts, strict=True)]


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
