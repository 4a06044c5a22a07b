"""Who pays what an account could not: layer by layer, to the micro-dollar, each payer named, and what nobody pays.

The order of payers is data (`waterfalls`); what each can give is in the books. A queue closes winners, a share of all
gains is a haircut, and what is left after the last payer is unpaid to winners (specs/contagion.md §5.7).
"""

from collections.abc import Sequence

from margin.contagion.books import Books, BooksError
from margin.contagion.draws import Whole
from margin.contagion.payers import Losses, Payer
from margin.contagion.population import Indexes
from margin.contagion.scan import Prices
from margin.contagion.winners import by_queue, from_winners
from margin.default_waterfall import Means


def absorb(
    books: Books, prices: Prices, empty: Indexes, order: Sequence[Means], losses: Losses, *, sponsored: bool
) -> bool:
    """Pay for accounts that are closed and below zero (`empty`); afterwards none is. Whether winners had to pay.

    What nobody in the `order` of payers pays, winners are not paid: the whole of every loss has a name.
    """
    rows = books.rows
    lacking = -(rows.principal[empty] + rows.realised[empty])
    rows.realised[empty] += lacking
    losses.own_margin_units += books.forfeited(empty)
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
                missing -= by_queue(books, prices, venue, missing, losses)
            elif means is Means.WINNERS:
                missing -= from_winners(books, prices, venue, missing, losses, Payer.SOCIALISED)
            else:
                missing -= _from_pot(books, venue, means, missing, losses)
        if missing:
            reached_winners = True
            from_winners(books, prices, venue, missing, losses, Payer.UNPAID)
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
