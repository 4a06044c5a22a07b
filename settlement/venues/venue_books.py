"""The venue's own computation of what everybody holds and has made: from its entries alone, apart from any mirror.

Funding is never paid out account by account. Whoever receives lots while the index stands at i is credited with i a
lot, and owes the index of today on what he holds: the difference is what he has paid, whenever it is asked.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from margin.instruments import Instrument
from settlement.reports import EntryKind
from settlement.venues.entry import Entry


class BooksError(ValueError):
    """An entry that cannot follow those before it: about no fill that stands, or after the instrument's expiry."""


@dataclass(slots=True)
class VenueBooks:
    """Lots by (account, instrument); funding indexes, marks and settlement values by instrument, 1e-6 USD."""

    instruments: Mapping[int, Instrument]
    lots: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    index_e6: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    mark_e6: dict[int, int] = field(default_factory=dict)
    final_e6: dict[int, int] = field(default_factory=dict)
    standing: dict[int, Entry] = field(default_factory=dict)
    """Fills and corrections that count, by their numbers."""
    _earned_units: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))

    def book(self, number: int, entry: Entry) -> None:
        """The entry of this number; the next after the last. Raises BooksError, and books nothing."""
        if entry.kind in {EntryKind.BUST, EntryKind.CORRECTION}:
            undone = self.standing.get(entry.about)
            if undone is None:
                raise BooksError(f"entry {number}: no fill {entry.about} stands")
            self._pass(undone, -1)
            del self.standing[entry.about]
        elif entry.kind is not EntryKind.MARK and entry.instrument in self.final_e6:
            raise BooksError(f"entry {number}: instrument {entry.instrument} has expired")
        if entry.kind in {EntryKind.FILL, EntryKind.CORRECTION}:
            self._pass(entry, 1)
            self.standing[number] = entry
            if entry.kind is EntryKind.FILL:
                self.mark_e6.setdefault(entry.instrument, entry.price_e6)
        elif entry.kind is EntryKind.FUNDING:
            self.index_e6[entry.instrument] = entry.price_e6
        elif entry.kind is EntryKind.MARK:
            self.mark_e6[entry.instrument] = entry.price_e6
        elif entry.kind is EntryKind.EXPIRY:
            self.final_e6[entry.instrument] = self.mark_e6[entry.instrument] = entry.price_e6

    def holdings(self) -> dict[tuple[int, int], int]:
        """Open positions in lots, by (account, instrument), in their order."""
        return {key: lots for key, lots in sorted(self.lots.items()) if lots and key[1] not in self.final_e6}

    def cash_units(self, account: int) -> int:
        """All that an account's fills, funding and expiries have paid it so far (1e-6 USD); the sum over all is 0."""
        return sum(self._cash_units(key) for key in self._earned_units if key[0] == account)

    def profit_units(self, account: int) -> int:
        """Its cash and, at the last marks, its positions; until a mark comes, at the price of the first fill."""
        open_lots = [(number, lots) for (whose, number), lots in self.holdings().items() if whose == account]
        worth = (self.instruments[number].value_units(lots, self.mark_e6[number]) for number, lots in open_lots)
        return self.cash_units(account) + sum(worth)

    def accounts(self) -> list[int]:
        """Everybody who ever traded."""
        return sorted({account for account, _ in self._earned_units})

    def _cash_units(self, key: tuple[int, int]) -> int:
        number, lots = key[1], self.lots[key]
        settled = self.instruments[number].value_units(lots, self.final_e6.get(number, 0))
        return self._earned_units[key] + settled - lots * self.index_e6[number]

    def _pass(self, fill: Entry, sign: int) -> None:
        # Undone lots leave at today's index: what they have paid in funding meanwhile stays paid.
        lots, index = sign * fill.lots, self.index_e6[fill.instrument]
        worth = self.instruments[fill.instrument].value_units(lots, fill.price_e6) - lots * index
        for account, side in ((fill.buyer, 1), (fill.seller, -1)):
            key = account, fill.instrument
            self.lots[key] += side * lots
            self._earned_units[key] -= side * worth


@dataclass(frozen=True, slots=True)
class Statement:
    """What a venue says stands at a cut-off (UTC ms, the last instant that counts), computed by itself.

    `last` is the number of the last entry in it; fills are those that stand, by number. 1e-6 USD.
    """

    venue: str
    cut_off_ms: int
    last: int
    positions: Mapping[tuple[int, int], int]
    cash_units: Mapping[int, int]
    profit_units: Mapping[int, int]
    marks_e6: Mapping[int, int]
    funding_e6: Mapping[int, int]
    fills: Mapping[int, Entry]


def statement(
    venue: str, instruments: Mapping[int, Instrument], entries: Iterable[Entry], cut_off_ms: int
) -> Statement:
    """The books rebuilt from the entries that occurred by a cut-off, numbered from 1 in their order."""
    books, last = VenueBooks(instruments), 0
    for number, entry in enumerate(entries, 1):
        if entry.occurred_at_ms <= cut_off_ms:
            books.book(number, entry)
            last = number
    everybody = books.accounts()
    return Statement(
        venue, cut_off_ms, last, books.holdings(),
        {account: books.cash_units(account) for account in everybody},
        {account: books.profit_units(account) for account in everybody},
        dict(books.mark_e6), dict(books.index_e6), dict(books.standing),
    )  # fmt: skip


def corrected(fill: Entry, about: int, lots: int, price_e6: int, occurred_at_ms: int) -> Entry:
    """What a fill should have said: the same but for its lots and price."""
    return replace(
        fill, kind=EntryKind.CORRECTION, about=about, lots=lots, price_e6=price_e6, occurred_at_ms=occurred_at_ms
    )
