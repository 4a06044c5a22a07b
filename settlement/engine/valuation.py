"""What the book comes to at a venue's last marks, for all parties at once, and which of these marks are too old.

Unsettled P&L is cash plus lots times marks: one product of a row of marks and the table of lots. The product is in
int64, so what it could reach at most is computed in floats first; beyond 2^62 nothing is said.
"""

import numpy as np

from settlement.engine.book import FAR, UNKNOWN, Book, BookError
from settlement.engine.roster import Ints


def cash_of(book: Book, venue: str) -> Ints:
    """Each row's cash at a venue, funding included: what fills, busts and funding paid so far (1e-6 USD)."""
    own = book.roster.columns_of(venue)
    total: Ints = book.cash_units[own].sum(axis=0) + book.funded_units[own].sum(axis=0)
    return total


def unsettled_units(book: Book, venue: str) -> Ints:
    """Each row's P&L at a venue since its first fill (1e-6 USD), what cycles have settled included.

    Sums to zero, as lots and cash do. Raises BookError beyond 2^62.
    """
    own = book.roster.columns_of(venue)
    unit, held = book.mark_e6[own] // book.roster.lots_per_coin[own], book.lots[own]
    bound = np.abs(unit).astype(float) @ np.abs(held).astype(float)
    for part in (book.cash_units[own], book.funded_units[own]):
        bound = bound + np.abs(part.astype(float)).sum(axis=0)
    if bound.max(initial=0) >= FAR:
        raise BookError("P&L at these marks is beyond 2^62")
    profit: Ints = cash_of(book, venue) + unit @ held
    return profit


def stale_columns(book: Book, venue: str, now_ms: int, age_ms: int) -> Ints:
    """The venue's instruments that anybody holds and whose last mark is older than `age_ms`, or is no mark of the
    venue's at all but its first fill's price. What has expired keeps its value.
    """
    own = book.roster.columns_of(venue)
    old = book.marked_at_ms[own] < now_ms - age_ms
    stale: Ints = own[old & (book.final_e6[own] == UNKNOWN) & book.lots[own].any(axis=1)]
    return stale
