"""Standard margin of very many accounts, estimated: options are priced once, accounts are walks over sorted strikes.

The exact path (`margin.standard`) decides; this one finds out about whom to ask it. Both agree within 1e-12 of what an
account holds at gross worth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from margin.fast.account_columns import AccountColumns
from margin.fast.board import Board
from margin.fast.kernels.accounts import MANY, Holding, Places
from margin.fast.kernels.prices import Flags
from margin.fast.kernels.standard import StandardEstimates, StandardUnits, estimate, estimate_few, estimate_one
from margin.fast.standard_columns import units_of
from margin.fixed import Fixed
from margin.marks import Market, MissingMarkError
from margin.standard_parameters import StandardParameters


@dataclass(frozen=True, slots=True)
class StandardMoved:
    """What marks that moved touch: who holds a flagged option, or a perpetual or base of a flagged underlying."""

    options: Flags
    perps: Flags
    bases: Flags


class StandardTable:
    """Every option of a board at one set of marks, and what accounts make of it. One caller.

    The underlyings, in the order of `feeds`, are the columns of perpetuals and of collateral (their base assets).
    Raises MissingMarkError, SviError and KeyError as the exact path does.
    """

    def __init__(
        self, parameters: StandardParameters, stable_price: Fixed, feeds: Mapping[str, Market], board: Board
    ) -> None:
        self._parameters, self._stable_price, self._board = parameters, stable_price, board
        self._take(feeds, units_of(parameters, stable_price, feeds, board))

    def estimate(self, held: AccountColumns) -> StandardEstimates:
        """The margins of all accounts."""
        answer = _room_for(len(held))
        self.update(answer, held, np.arange(len(held)))
        return answer

    def update(self, answer: StandardEstimates, held: AccountColumns, accounts: Places) -> None:
        """The margins of some accounts, each into its place of `answer`, which has a place for every account."""
        if len(accounts):
            held.check_numbers(accounts.min(), accounts.max())
        kernel = estimate if len(accounts) >= MANY else estimate_few
        kernel(accounts, self._of(held), self._units, *answer)

    def estimate_one(self, held: AccountColumns, account: int) -> tuple[float, float, float]:
        """Initial and maintenance margin and mark-to-market of one account, in USD."""
        held.check_numbers(account, account)
        return estimate_one(account, self._of(held), self._units)

    def move(self, feeds: Mapping[str, Market]) -> StandardMoved:
        """Take new marks of the same underlyings. All constants are made anew, which is little; who holds none that
        changed keeps its margins. Nothing has changed if this raises.
        """
        before, after = self._units, units_of(self._parameters, self._stable_price, feeds, self._board)
        self._take(feeds, after)
        expiries = _changed(before, after, ("unpaired_im", "unpaired_mm", "doubt"))
        return StandardMoved(
            options=_changed(before, after, ("price", "short_im", "short_mm")) | expiries[self._board.expiry],
            perps=_changed(before, after, ("perp_im", "perp_mm")),
            bases=_changed(before, after, ("base_worth", "base_im", "base_mm")),
        )

    def touched(self, held: AccountColumns, moved: StandardMoved) -> Places:
        """The accounts whose margins moved marks change."""
        others = held.perp[:, moved.perps].any(axis=1) | held.collateral[:, moved.bases].any(axis=1)
        return np.flatnonzero(others | held.holders(moved.options) if moved.options.any() else others)

    def _take(self, feeds: Mapping[str, Market], units: StandardUnits) -> None:
        self._units = units
        self._unmarked = [feed.perp.price <= 0 for feed in feeds.values()]

    def _of(self, held: AccountColumns) -> Holding:
        markets = len(self._units.perp_im)
        if any(self._unmarked) and held.perp[:, self._unmarked].any():
            raise MissingMarkError("no price above zero of a perpetual that is held")
        return held.held_as(len(self._units.price), markets, markets)

    @property
    def size_bytes(self) -> int:
        """Memory of the prices and of all constants."""
        return sum(column.nbytes for column in self._units)


def _changed(before: StandardUnits, after: StandardUnits, names: Sequence[str]) -> Flags:
    """Where one of these columns is not what it was."""
    return np.asarray(np.any([getattr(before, name) != getattr(after, name) for name in names], axis=0))


def _room_for(accounts: int) -> StandardEstimates:
    return StandardEstimates(np.zeros(accounts), np.zeros(accounts), np.zeros(accounts))
