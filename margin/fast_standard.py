"""Standard margin of very many accounts, estimated: options are priced once, accounts are walks over sorted strikes.

The exact path (`margin.standard`) decides; this one finds out about whom to ask it. Both agree within 1e-12 of what an
account holds at gross worth.
"""

from collections.abc import Mapping

import numpy as np

from margin.account_columns import AccountColumns
from margin.board import Board
from margin.fixed import Fixed
from margin.kernels.accounts import MANY, Holding, Places
from margin.kernels.standard import StandardEstimates, estimate, estimate_few, estimate_one
from margin.marks import Market, MissingMarkError
from margin.standard_columns import units_of
from margin.standard_parameters import StandardParameters


class StandardTable:
    """Every option of a board at one set of marks, and what accounts make of it. One caller.

    The underlyings, in the order of `feeds`, are the columns of perpetuals and of collateral (their base assets).
    Raises MissingMarkError, SviError and KeyError as the exact path does.
    """

    def __init__(
        self, parameters: StandardParameters, stable_price: Fixed, feeds: Mapping[str, Market], board: Board
    ) -> None:
        self._units = units_of(parameters, stable_price, feeds, board)
        self._unmarked = [feed.perp.price <= 0 for feed in feeds.values()]

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

    def _of(self, held: AccountColumns) -> Holding:
        markets = len(self._units.perp_im)
        if any(self._unmarked) and held.perp[:, self._unmarked].any():
            raise MissingMarkError("no price above zero of a perpetual that is held")
        return held.held_as(len(self._units.price), markets, markets)

    @property
    def size_bytes(self) -> int:
        """Memory of the prices and of all constants."""
        return sum(column.nbytes for column in self._units)


def _room_for(accounts: int) -> StandardEstimates:
    return StandardEstimates(np.zeros(accounts), np.zeros(accounts), np.zeros(accounts))
