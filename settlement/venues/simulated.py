"""A simulated venue: an order book an instrument, its own books, and a tape of what happened, signed by the batch.

Time is an argument of everything that happens. Nothing goes out before `publish`, so a caller decides what a report is.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from custody.signers import Signer
from custody.typed_data import Domain
from margin.fixed import from_units
from margin.instruments import Instrument, Kind
from margin.option_settlement import settlement_value
from margin.positions import Option
from settlement.reports import Cause, EntryKind, Report
from settlement.venues.entry import Entry
from settlement.venues.order_book import OrderBook
from settlement.venues.orders import Order, OrderRefusal, Placed
from settlement.venues.registry import ListingError, Registry
from settlement.venues.tape import MOST_ENTRIES, Tape
from settlement.venues.venue_books import Statement, VenueBooks, corrected, statement

HOUR_S = 3_600


class VenueError(ValueError):
    """Something that the simulated venue cannot do: trade what it does not list, or expire a perpetual."""


@dataclass(slots=True)
class SimulatedVenue:
    """One venue; a `VenueFeed` once `publish` is called. Account 0 is the venue's own (`reports.HOUSE_ACCOUNT`)."""

    registry: Registry
    signer: Signer
    domain: Domain
    most_entries: int = MOST_ENTRIES
    tape: Tape = field(init=False)
    books: VenueBooks = field(init=False)
    order_books: dict[int, OrderBook] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tape = Tape(self.registry.venue, self.domain, self.signer, self.most_entries)
        self.books = VenueBooks(self.registry.by_number)

    @property
    def venue(self) -> str:
        return self.registry.venue

    # -- trading -------------------------------------------------------------------------------------------------------

    def place(self, number: int, order: Order, now_ms: int) -> Placed | OrderRefusal:
        """An order in the instrument of this number; its trades become fills. VenueError for one that is not traded."""
        instrument = self._traded(number, now_ms)
        placed = self.order_books.setdefault(number, OrderBook()).place(order)
        if isinstance(placed, Placed):
            for trade in placed.trades:
                price_e6 = trade.ticks * instrument.tick_e6
                fill = Entry(EntryKind.FILL, number, now_ms, trade.lots, price_e6, trade.buyer, trade.seller)
                self._say(fill)
        return placed

    def cancel(self, number: int, id_: str) -> int | OrderRefusal:
        """Take an order out of a book; the lots that it still had."""
        return self.order_books.setdefault(number, OrderBook()).cancel(id_)

    def report_fill(self, fill: Entry) -> int:
        """A fill that came about outside of the order book, such as a liquidation or an ADL; its number."""
        self._traded(fill.instrument, fill.occurred_at_ms).value_units(fill.lots, fill.price_e6)
        return self._say(fill)

    # -- what the venue says of its market -----------------------------------------------------------------------------

    def mark(self, number: int, price_e6: int, now_ms: int) -> int:
        """Say what an instrument is worth, rounded down to its tick; the entry's number."""
        price_e6 = self._traded(number, now_ms).on_tick(price_e6)
        return self._say(Entry(EntryKind.MARK, number, now_ms, price_e6=price_e6))

    def fund(self, number: int, hourly_rate_e9: int, spot_e6: int, interval_s: int, now_ms: int) -> int:
        """Longs pay shorts this rate (1e-9 of spot an hour) for an interval, an hour or eight; below zero they receive.

        Rounded down to 1e-6 USD a lot, the same for both sides. The entry's number.
        """
        instrument = self._traded(number, now_ms)
        if instrument.is_option:
            raise VenueError(f"{instrument.symbol} pays no funding")
        moved_e6 = hourly_rate_e9 * interval_s * spot_e6 // (10**9 * HOUR_S * instrument.lots_per_coin)
        return self._say(Entry(EntryKind.FUNDING, number, now_ms, price_e6=self.books.index_e6[number] + moved_e6))

    def expire(self, number: int, spot_e6: int, now_ms: int) -> int:
        """Settle an option in cash at the average of spot; resting orders are cancelled. The entry's number."""
        instrument = self.registry.numbered(number)
        if not instrument.is_option or now_ms < 1000 * instrument.expires_at_s:
            raise VenueError(f"{instrument.symbol} does not expire at {now_ms} ms")
        number_said = self._say(
            Entry(EntryKind.EXPIRY, number, now_ms, price_e6=option_value_e6(instrument, spot_e6), cause=Cause.EXPIRY)
        )
        self.order_books.pop(number, None)
        return number_said

    def bust(self, about: int, now_ms: int) -> int:
        """Undo a fill, or its last correction, of this number. BooksError where none stands. The entry's number."""
        fill = self.books.standing.get(about)
        number = fill.instrument if fill else 0
        return self._say(Entry(EntryKind.BUST, number, now_ms, about=about))

    def correct(self, about: int, lots: int, price_e6: int, now_ms: int) -> int:
        """Say anew what a fill, or its last correction, was; BooksError where none stands. The entry's number."""
        fill = self.books.standing.get(about)
        if fill is None:
            return self.bust(about, now_ms)  # refused there
        return self._say(corrected(fill, about, lots, price_e6, now_ms))

    # -- what others hear ----------------------------------------------------------------------------------------------

    def publish(self) -> list[Report]:
        """Send out all that was not sent yet."""
        return self.tape.publish()

    def close(self) -> None:
        """The end of the feed; listeners hear what is published first."""
        self.tape.close()

    def listen(self, after: int) -> AsyncIterator[Report]:
        """Reports with entries behind `after`, as they go out."""
        return self.tape.listen(after)

    async def fetch(self, first: int, last: int) -> Sequence[Report]:
        """Exactly these entries, as far as they are published."""
        return await self.tape.fetch(first, last)

    def statement(self, cut_off_ms: int) -> Statement:
        """The venue's own account of all that occurred by a cut-off, published or not."""
        return statement(self.venue, self.registry.by_number, self.tape.entries(), cut_off_ms)

    def _say(self, entry: Entry) -> int:
        number = self.tape.last + 1
        self.books.book(number, entry)
        return self.tape.add(entry)

    def _traded(self, number: int, now_ms: int) -> Instrument:
        try:
            instrument = self.registry.numbered(number)
        except ListingError as why:
            raise VenueError(str(why)) from why
        if instrument.is_option and now_ms >= 1000 * instrument.expires_at_s:
            raise VenueError(f"{instrument.symbol} has expired")
        return instrument


def option_value_e6(instrument: Instrument, spot_e6: int) -> int:
    """What one coin's worth of an option pays at a settlement price, rounded down to its tick, 1e-6 USD."""
    strike = from_units(instrument.strike_e6, 6)
    option = Option(0, strike, instrument.kind is Kind.CALL, from_units(1, 0))
    value_e6 = settlement_value(option, from_units(spot_e6, 6)).down_to(6)
    return value_e6 // instrument.tick_e6 * instrument.tick_e6
