"""Many transfers as columns: arrays go in, an array of codes comes out, and no object is made for any of them.

A code says what became of its transfer: APPLIED, REPEATED (it was in the books already), or the rank of a refusal, from
1 in order of precedence. `refusal_of` gives the word back.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from custody.transfers import Kind, Outcome, Reason, Refusal, Transfer, is_text

Whole: TypeAlias = NDArray[np.int64]

APPLIED, REPEATED = 0, -1

_RANKS = {refusal: rank for rank, refusal in enumerate(Refusal, 1)}
_REFUSALS = tuple(Refusal)
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_.:/-]")


_INT64 = np.iinfo(np.int64)
_BOUNDS = (
    ("reasons", min(Reason), max(Reason)),
    ("kinds", min(Kind), max(Kind)),
    ("occurred_at_s", _INT64.min, _INT64.max),
    ("expires_at_s", _INT64.min, _INT64.max),
)


class ColumnsError(ValueError):
    """Columns that do not stand for a list of transfers; the message names the column."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Transfers in columns of one length n; a single value stands for n of the same.

    `ids`: n texts, as in `Transfer`. `debit_accounts`, `credit_accounts`: n account *keys* (`Books.keys`). `amounts`:
    n whole numbers, ledger units. `occurred_at_s`, `expires_at_s`: UTC seconds. `pending_ids` ("" for none) and
    `linked` are for POST, VOID and chains. ColumnsError for other lengths, types, kinds or reasons.
    """

    ids: Sequence[str]
    debit_accounts: Whole
    credit_accounts: Whole
    amounts: Whole
    reasons: Whole | Reason
    kinds: Whole | Kind = Kind.POSTED
    references: Sequence[str] | str = ""
    occurred_at_s: Whole | int = 0
    expires_at_s: Whole | int = 0
    pending_ids: Sequence[str] | None = None
    linked: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        count = len(_require_texts("ids", self.ids))
        for name in ("debit_accounts", "credit_accounts", "amounts"):
            _require_array(name, getattr(self, name), count, np.int64)
        for name, least, most in _BOUNDS:
            _require_whole(name, getattr(self, name), count, least, most)
        if not isinstance(self.references, str):
            _require_texts("references", self.references, count)
        if self.pending_ids is not None:
            _require_texts("pending_ids", self.pending_ids, count)
        if self.linked is not None:
            _require_array("linked", self.linked, count, np.bool_)

    def __len__(self) -> int:
        return len(self.ids)

    def numbers(self, name: str) -> list[int] | int:
        """A column of whole numbers as a list of n, or as one where all are the same."""
        column = getattr(self, name)
        if not isinstance(column, np.ndarray):
            return int(column)
        is_one = len(column) > 0 and bool((column == column[0]).all())
        return int(column[0]) if is_one else column.tolist()

    @property
    def sums_fit(self) -> bool:
        """Whether no sum of amounts leaves 64 bits, where arrays go on from the other end without a word."""
        return len(self) > 0 and int(self.amounts.max()) <= _INT64.max // len(self)

    def sums(self, side: str) -> dict[int, int]:
        """The sum of amounts by account key, of the "debit_accounts" or the "credit_accounts"; see `sums_fit`."""
        keys, places = np.unique(getattr(self, side), return_inverse=True)
        sums = np.zeros(len(keys), dtype=np.int64)
        np.add.at(sums, places, self.amounts)
        return dict(zip(keys.tolist(), sums.tolist(), strict=True))

    def are_plain(self) -> bool:
        """Whether each is well formed, posted or pending, and linked to nothing: what the fast rules can judge."""
        kinds, expires = np.asarray(self.kinds), np.asarray(self.expires_at_s)
        has_expiry = expires != 0
        fits = (
            ((kinds == Kind.POSTED) | (kinds == Kind.PENDING))
            & (self.amounts > 0)
            & (self.debit_accounts != self.credit_accounts)
            & (~has_expiry | ((kinds == Kind.PENDING) & (expires > np.asarray(self.occurred_at_s))))
        )
        is_alone = (self.linked is None or not np.any(self.linked)) and not any(self.pending_ids or ())
        texts = self.references if isinstance(self.references, str) else "".join(self.references)
        return is_alone and bool(np.all(fits)) and are_plain_ids(self.ids) and is_text(texts)

    def transfers(self, names: Sequence[str]) -> list[Transfer]:
        """The same as objects; `names` are the accounts' ids, debit accounts first, then credit accounts."""
        count = len(self.ids)
        pending = self.pending_ids or [""] * count
        linked = [False] * count if self.linked is None else self.linked.tolist()
        references = [self.references] * count if isinstance(self.references, str) else self.references
        numbers = (
            np.broadcast_to(getattr(self, name), count).tolist()
            for name in ("amounts", "reasons", "kinds", "occurred_at_s", "expires_at_s")
        )
        return [
            Transfer(one, debit, credit, amount, Reason(reason), Kind(kind), ended, link, reference, occurred, expires)
            for one, debit, credit, ended, link, reference, amount, reason, kind, occurred, expires in zip(
                self.ids, names[:count], names[count:], pending, linked, references, *numbers, strict=True
            )
        ]


def are_plain_ids(ids: Sequence[str]) -> bool:
    """Whether every id is 1–64 of the allowed characters; told in one go, for a test of each costs more than a post."""
    lengths = list(map(len, ids))
    return min(lengths, default=1) > 0 and max(lengths, default=1) <= 64 and _NOT_IN_AN_ID.search("".join(ids)) is None


def codes_of(outcomes: Iterable[Outcome]) -> NDArray[np.int16]:
    """The outcomes as codes."""
    codes = [
        _RANKS[outcome.refusal] if outcome.refusal is not None else REPEATED if outcome.repeated else APPLIED
        for outcome in outcomes
    ]
    return np.array(codes, dtype=np.int16)


def refused(count: int, refusals: dict[int, Refusal]) -> NDArray[np.int16]:
    """The codes of so many transfers of which these were refused."""
    codes = np.zeros(count, dtype=np.int16)
    for index, refusal in refusals.items():
        codes[index] = _RANKS[refusal]
    return codes


def refusal_of(code: int) -> Refusal | None:
    """The refusal that a code stands for; None for APPLIED and REPEATED."""
    return _REFUSALS[code - 1] if code > 0 else None


def _require_texts(name: str, column: Sequence[str], count: int | None = None) -> Sequence[str]:
    if isinstance(column, str) or not set(map(type, column)) <= {str}:
        raise ColumnsError(f"{name}: expected texts, one for each transfer")
    if count is not None and len(column) != count:
        raise ColumnsError(f"{name}: {len(column)} values for {count} ids")
    return column


def _require_array(name: str, column: object, count: int, kind: type[np.generic]) -> None:
    if not isinstance(column, np.ndarray) or column.dtype != kind:
        found = f"an array of {column.dtype}" if isinstance(column, np.ndarray) else type(column).__name__
        raise ColumnsError(f"{name}: expected an array of {kind.__name__}, got {found}")
    if column.shape != (count,):
        raise ColumnsError(f"{name}: shape {column.shape} for {count} ids")


def _require_whole(name: str, column: Whole | int, count: int, least: int, most: int) -> None:
    if isinstance(column, int):
        lowest = highest = int(column)
    else:
        _require_array(name, column, count, np.int64)
        lowest, highest = (int(column.min()), int(column.max())) if count else (least, most)
    if lowest < least or highest > most:
        raise ColumnsError(f"{name}: from {lowest} to {highest}, expected from {least} to {most}")
