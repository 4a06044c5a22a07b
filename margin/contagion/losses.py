"""Who pays what an account could not: layer by layer, to the micro-dollar, each payer named, and what nobody pays.

The order of payers is data (`waterfalls`); what each can give is in the books. A queue closes winners, a share of all
gains is a haircut, and what is left after the last payer is unpaid to winners (specs/contagion.md §5.7).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from margin.contagion.books import Books, BooksError
from margin.contagion.draws import Floats, Whole
from margin.contagion.population import Indexes, Kind
from margin.contagion.scan import Prices
from margin.default_waterfall import Means
from margin.estimates import BPS


class Payer(StrEnum):
    """Whose money it was."""

    OWN_MARGIN = "own_margin"
    OWN_TOP_UP = "own_top_up"
    INSURANCE_FUND = "insurance_fund"
    VENUE_CAPITAL = "venue_capital"
    GUARANTEE_LINE = "guarantee_line"
    ADL = "adl"
    SOCIALISED = "socialised"
    SPONSOR = "sponsor"
    UNPAID = "unpaid"
    VENUE_DEFAULT = "venue_default"
    CUSTODIAN_DEFAULT = "custodian_default"


INNOCENT = (Payer.ADL, Payer.SOCIALISED, Payer.UNPAID, Payer.VENUE_DEFAULT, Payer.CUSTODIAN_DEFAULT)
"""Who had done nothing but to be there."""


@dataclass(slots=True)
class Losses:
    """What has been paid so far, by payer, in µ$; `deleveraged` are the positions that were closed for others,
    `rehedging_units` what hedgers among them need to replace a leg. `borne_units` is by account what it lost for
    others; who comes after its end has lost nothing.
    """

    rehedge_bps: int = 0
    paid: Counter[Payer] = field(default_factory=Counter)
    deleveraged: int = 0
    rehedging_units: int = 0
    borne_units: Whole = field(default_factory=lambda: np.zeros(0, np.int64))

    def bear(self, accounts: Indexes | Whole, units: Whole) -> None:
        """Accounts lose for others; who is named twice loses twice."""
        more = int(accounts.max(initial=-1)) + 1 - len(self.borne_units)
        if more > 0:
            self.borne_units = np.append(self.borne_units, np.zeros(more, np.int64))
        np.add.at(self.borne_units, accounts, units)


def absorb(
    books: Books, prices: Prices, empty: Indexes, order: Sequence[Means], losses: Losses, *, sponsored: bool
) -> bool:
    """Pay for accounts that are closed and below zero (`empty`); afterwards none is. Whether winners had to pay.

    What nobody in the `order` of payers pays, winners are not paid: the whole of every loss has a name.
    """
    rows = books.rows
    lacking = -(rows.principal[empty] + rows.realised[empty])
    rows.realised[empty] += lacking
    if sponsored:
        total = int(lacking.sum())
        books.sponsor_units += total
        losses.paid[Payer.SPONSOR] += total
        return False
    reached_winners = False
    for venue in range(books.population.venues):
        here = rows.venue[empty] == venue
        missing = int(lacking[here].sum())
        for means in order:
            if not missing:
                break
            reached_winners |= means in (Means.ADL, Means.WINNERS)
            if means is Means.OWN_TOP_UP:
                missing -= _own_top_ups(books, empty[here], lacking[here], missing, losses)
            elif means is Means.ADL:
                missing -= _by_queue(books, prices, venue, missing, losses)
            elif means is Means.WINNERS:
                missing -= _from_winners(books, prices, venue, missing, losses, Payer.SOCIALISED)
            else:
                missing -= _from_pot(books, venue, means, missing, losses)
        if missing:
            reached_winners = True
            _from_winners(books, prices, venue, missing, losses, Payer.UNPAID)
    return reached_winners


def _from_pot(books: Books, venue: int, means: Means, missing: int, losses: Losses) -> int:
    """What a pot of the venue, or the guarantee line of all, gives; never more than it has."""
    match means:
        case Means.INSURANCE_FUND:
            drawn = min(missing, int(books.fund[venue]))
            books.fund[venue] -= drawn
            losses.paid[Payer.INSURANCE_FUND] += drawn
        case Means.VENUE_CAPITAL:
            drawn = min(missing, int(books.capital[venue]))
            books.capital[venue] -= drawn
            losses.paid[Payer.VENUE_CAPITAL] += drawn
        case Means.GUARANTEE_LINE:
            drawn = min(missing, books.guarantee_units)
            books.guarantee_units -= drawn
            losses.paid[Payer.GUARANTEE_LINE] += drawn
        case _:
            raise BooksError(f"{means} is no payer of these books")
    return drawn


def _own_top_ups(books: Books, accounts: Indexes, lacking: Whole, missing: int, losses: Losses) -> int:
    """What the losing clients bring themselves, as far as they answer and something is missing; the sum."""
    given = 0
    for account, units in zip(accounts, lacking, strict=True):
        client = books.population.accounts.client[account]
        part = min(int(units), int(books.outside[client]), missing - given)
        books.outside[client] -= part
        given += part
    books.brought_units += given
    losses.paid[Payer.OWN_TOP_UP] += given
    return given


def gains_units(books: Books, prices: Prices, venue: int) -> tuple[Indexes, Whole]:
    """The accounts of a venue with unsettled gains, and these gains."""
    rows = books.rows
    here = np.flatnonzero(rows.venue == venue).astype(np.int32)
    gap = prices.current - prices.settled[venue]
    worth = np.append(rows.lots * gap[rows.instrument], 0)
    unrealised = np.add.reduceat(worth, rows.first[:-1]) * (np.diff(rows.first) > 0)
    gained = rows.realised[here] + unrealised[here]
    winners = gained > 0
    return here[winners], gained[winners]


def _from_winners(books: Books, prices: Prices, venue: int, missing: int, losses: Losses, payer: Payer) -> int:
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


def _by_queue(books: Books, prices: Prices, venue: int, missing: int, losses: Losses) -> int:
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
