"""What an account has beyond initial margin: what its owner could take away, or move to where it is called for."""

import numpy as np

from margin.contagion.books import Books
from margin.contagion.draws import Whole
from margin.contagion.population import Indexes
from margin.contagion.regimes import Regime
from margin.contagion.scan import Prices, standings

INITIAL_OVER_MAINTENANCE = 2
"""A call restores initial margin; venues on a chain keep maintenance at half of it (events and waterfall sheets)."""


def free_units(books: Books, prices: Prices, regime: Regime, accounts: Indexes) -> Whole:
    """By account, µ$, never below zero.

    In a compartment gains that are not settled yet cannot be taken; at a venue in default nothing can that it holds.
    """
    equity, needed = standings(accounts, books.rows, prices)
    free: Whole = equity - INITIAL_OVER_MAINTENANCE * needed
    if regime.is_segregated:
        free = np.minimum(free, books.rows.principal[accounts])
    else:
        free = np.where(books.defaulted[books.rows.venue[accounts]], 0, free)
    return np.maximum(free, 0)
