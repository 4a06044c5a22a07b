"""What all accounts hold, in columns: the fast path's copy of books that are kept elsewhere, as floats.

A change states what is held afterwards, not by how much it changed: floats do not add up over a day, and the books,
which are exact, know the balance.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from margin.fast.kernels.accounts import Holding, holders, place
from margin.fast.kernels.prices import Flags, Floats, Numbers

_ROOM, _GROWTH = 4, 8
"""Places kept free behind a block that had to move; the share (one in so many) by which the columns then grow."""


class ColumnsError(ValueError):
    """Columns that are no accounts: of different lengths, out of range, not finite, or an option held twice."""


class AccountColumns:
    """Options in one block an account, and by account cash, perpetuals (by underlying) and collateral (by kind).

    `cash`, `perp`, `unsettled` and `collateral` may be written to, options change by `set_option`; one writer.
    """

    def __init__(self, accounts: int, options: int, *, markets: int = 1, kinds: int = 1) -> None:
        """Empty accounts, for a board of so many `options`."""
        self._options = options
        self._room = np.zeros(accounts, np.int32)
        self._used = 0
        self._held = Holding(
            np.zeros(accounts, np.int64), np.zeros(accounts, np.int32), np.zeros(0, np.int32), np.zeros(0),
            np.zeros(accounts), np.zeros((accounts, markets)), np.zeros((accounts, markets)),
            np.zeros((accounts, kinds)),
        )  # fmt: skip

    def load(self, account: ArrayLike, option: ArrayLike, amount: ArrayLike) -> None:
        """Replace all options by positions in any order: numbers of accounts and rows of the board. ColumnsError."""
        of, row, size = _whole(account), _whole(option), np.asarray(amount, np.float64)
        self._check(of, row, size)
        of, row = of.astype(np.int64), row.astype(np.int64)
        if (np.diff(of) < 0).any() or ((np.diff(row) <= 0) & (np.diff(of) == 0)).any():
            order = np.lexsort((row, of))
            of, row, size = of[order], row[order], size[order]
        if ((np.diff(of) == 0) & (np.diff(row) == 0)).any():
            raise ColumnsError("an account holds an option twice")
        length = np.bincount(of, minlength=len(self)).astype(np.int32)
        self._held = self._held._replace(
            start=np.cumsum(length, dtype=np.int64) - length,
            length=length,
            option=row.astype(np.int32),
            amount=size.copy(),
        )
        self._room, self._used = length.copy(), len(of)

    def set_option(self, account: int, option: int, amount: float) -> None:
        """Make `amount` what an account holds of the option in a row of the board; 0 for none. Raises ColumnsError."""
        if not (0 <= account < len(self) and 0 <= option < self._options and np.isfinite(amount)):
            raise ColumnsError(f"account {account} cannot hold {amount} of option {option}")
        if not place(account, option, amount, self._room[account], self._held):
            self._move_block(account)
            place(account, option, amount, self._room[account], self._held)

    def held_as(self, options: int, markets: int, kinds: int) -> Holding:
        """The columns as a kernel takes them that reads so many of each: it does not look. Raises ColumnsError."""
        found = self._options, self._held.perp.shape[1], self._held.collateral.shape[1]
        if found != (options, markets, kinds):
            raise ColumnsError(f"columns of {found} options, underlyings and kinds, not {(options, markets, kinds)}")
        return self._held

    def check_numbers(self, first: int, last: int) -> None:
        """That accounts have these numbers. Raises ColumnsError."""
        if not 0 <= first <= last < len(self):
            raise ColumnsError(f"accounts are numbered from 0 to {len(self) - 1}, not from {first} to {last}")

    def holders(self, is_asked: Flags) -> Flags:
        """Which accounts hold one of the options that are flagged, by row of the board."""
        answer = np.zeros(len(self), np.bool_)
        holders(is_asked, self._held, answer)
        return answer

    def options_of(self, account: int) -> tuple[Numbers, Floats]:
        """Rows of the board and amounts."""
        start, length = self._held.start[account], self._held.length[account]
        return self._held.option[start : start + length].copy(), self._held.amount[start : start + length].copy()

    @property
    def cash(self) -> Floats:
        return self._held.cash

    @property
    def perp(self) -> Floats:
        return self._held.perp

    @property
    def unsettled(self) -> Floats:
        return self._held.unsettled

    @property
    def collateral(self) -> Floats:
        return self._held.collateral

    @property
    def size_bytes(self) -> int:
        """Memory of all columns."""
        return self._room.nbytes + sum(column.nbytes for column in self._held)

    def __len__(self) -> int:
        return len(self._held.start)

    def _check(self, of: NDArray[Any], row: NDArray[Any], size: Floats) -> None:
        if not len(of) == len(row) == len(size):
            raise ColumnsError("columns of different lengths")
        for name, column, most in (("accounts", of, len(self)), ("options", row, self._options)):
            if len(column) and not (
                np.issubdtype(column.dtype, np.integer) and column.min() >= 0 and column.max() < most
            ):
                raise ColumnsError(f"{name} are numbered from 0 to {most - 1}")
        if not np.isfinite(size).all():
            raise ColumnsError("an amount is not finite")

    def _move_block(self, account: int) -> None:
        """To behind all others, with more room; what it leaves stays unused until the next `load`."""
        held, start, length = self._held, self._held.start[account], self._held.length[account]
        room = int(length) + max(_ROOM, int(length) // 2)
        if self._used + room > len(held.option):
            more = max(room, len(held.option) // _GROWTH)
            option, amount = np.zeros(more, np.int32), np.zeros(more)
            held = held._replace(
                option=np.concatenate([held.option, option]), amount=np.concatenate([held.amount, amount])
            )
        moved = slice(self._used, self._used + int(length))
        held.option[moved], held.amount[moved] = (
            held.option[start : start + length],
            held.amount[start : start + length],
        )
        held.start[account], self._room[account] = self._used, room
        self._held, self._used = held, self._used + room


def _whole(numbers: ArrayLike) -> NDArray[Any]:
    """As they are; a list of none has no kind of its own."""
    column = np.asarray(numbers)
    return column if len(column) else column.astype(np.int64)
