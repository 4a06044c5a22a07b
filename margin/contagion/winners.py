"""What losses take from winners: a part of all unsettled gains, or whole positions in a queue, to the micro-dollar.

(specs/contagion.md §5.7, §7)
"""

import numpy as np

from margin.contagion.books import Books
from margin.contagion.draws import Floats, Whole
from margin.contagion.payers import Losses, Payer
from margin.contagion.population import Indexes, Kind
from margin.contagion.scan import Prices, unsettled_units
from margin.estimates import BPS


def gains_units(books: Books, prices: Prices, venue: int) -> tuple[Indexes, Whole]:
    """The accounts of a venue with unsettled gains, and these gains."""
    gained = unsettled_units(venue, books.rows, prices)
    winners = np.flatnonzero(gained > 0).astype(np.int32)
    return winners, gained[winners]


def from_winners(books: Books, prices: Prices, venue: int, missing: int, losses: Losses, payer: Payer) -> int:
    """Cut every unsettled gain of a venue by the same part, to the unit: variation-margin gains haircut.

    Nobody gains what nobody loses, so the gains are never less than what is missing.
    """
    winners, gained = gains_units(books, prices, venue)
    parts = shared(missing, gained, books.number[winners])
    books.rows.realised[winners] -= parts
    losses.bear(winners, parts)
    losses.paid[payer] += missing
    return missing


def shared(units: int, weights: Whole, number: Whole) -> Whole:
    """Split `units` in proportion, nobody beyond its weight, leftovers to the largest remainders, then by number."""
    whole = int(weights.sum())
    if not 0 <= units <= whole:
        raise ValueError(f"{units} cannot be split over {whole}")
    exact = [units * int(weight) for weight in weights]
    parts = np.array([one // whole for one in exact], np.int64)
    rest = [one % whole for one in exact]
    left = units - int(parts.sum())
    order = sorted(range(len(rest)), key=lambda place: (-rest[place], number[place], place))
    parts[order[:left]] += 1
    return parts


def by_queue(books: Books, prices: Prices, venue: int, missing: int, losses: Losses) -> int:
    """Close winners' whole positions against the market's holder, best ranked first, until the gap is covered.

    Rank: profit over notional, times leverage (specs/contagion.md §7). A winner gives no more than its profit, so
    nobody is closed below zero, and the last one no more than what is missing. A hedger loses one leg and keeps the
    other: what it costs to replace is noted, not paid in these books. What they paid.
    """
    rows = books.rows
    at = np.flatnonzero((rows.venue[books.owner] == venue) & (rows.lots != 0)).astype(np.int32)
    which = rows.instrument[at]
    profit = rows.lots[at] * (prices.current[which] - prices.settled[venue, which])
    kind = books.population.clients.kind[books.population.accounts.client[books.owner[at]]]
    chosen = (profit > 0) & (kind != Kind.REST)
    at, which, profit = at[chosen], which[chosen], profit[chosen]
    hedged = kind[chosen] == Kind.HEDGER
    notional = np.abs(rows.lots[at]) * prices.current[which]
    equity = np.maximum(rows.principal[books.owner[at]] + rows.realised[books.owner[at]] + profit, 1)
    rank: Floats = profit / notional * (notional / equity)
    kinds = len(books.population.symbols)
    left = missing
    for place in np.lexsort((at, books.number[books.owner[at]], -rank)):
        if left == 0:
            break
        position, gain = at[place], int(profit[place])
        lots = int(rows.lots[position])
        other = books.rest[venue * kinds + which[place]]
        given = min(gain, left)
        rows.lots[position], rows.lots[other] = 0, rows.lots[other] + lots
        rows.realised[books.owner[position]] += gain - given
        rows.realised[books.owner[other]] -= gain
        left -= given
        losses.deleveraged += 1
        if hedged[place]:
            again = int(notional[place]) * losses.rehedge_bps // BPS
            losses.rehedging_units += again
            losses.bear(books.owner[[position]], np.array([again]))
        losses.paid[Payer.ADL] += given
        losses.bear(books.owner[[position]], np.array([given]))
    return missing - left
