"""The custodian's own picture of positions: every fill booked once, in any order, and what each party has not yet paid.

For each party at a venue one number, `cash`, carries the worth of its fills and of its last settlement; with positions
at today's marks it gives the unsettled P&L: `cash + Σ lots × mark`. A settlement sets that to zero at its marks.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from margin.instruments import Instrument, InstrumentError
from settlement.batch import Change

HOUSE = "house"
"""The venue's own account in the mirror: the opposite of all clients, on behalf of the rest of the venue's market."""

FUND = "fund"
"""The pot that stands behind a venue's defaults: its insurance fund, or the guarantee line at the custodian."""


@dataclass(frozen=True, slots=True)
class Fill:
    """One trade as a venue reports it. `lots` > 0 pass from seller to buyer at `price_e6` (1e-6 USD per coin)."""

    venue: str
    sequence: int
    instrument_id: int
    buyer: str
    seller: str
    lots: int
    price_e6: int
    occurred_at_s: int
    cause: str

    @property
    def id(self) -> str:
        """Derived from the fact itself, so that hearing of it twice is hearing of the same fill."""
        fact = (self.venue, self.sequence, self.instrument_id, self.buyer, self.seller, self.lots, self.price_e6)
        return sha256("|".join(map(str, (*fact, self.occurred_at_s))).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Payment:
    """A fee or penalty on account of an instrument, paid with the next settlement (1e-6 USD)."""

    instrument_id: int
    debtor: str
    creditor: str
    units: int


class FillError(ValueError):
    """A fill that cannot be true: no lots, one party on both sides, no price on the tick, another's instrument."""


@dataclass(slots=True)
class Mirror:
    """Positions and unsettled cash of every party at every venue, from fills alone."""

    instruments: Mapping[int, Instrument]
    positions: dict[tuple[str, str], dict[int, int]] = field(default_factory=dict)
    traded_units: dict[tuple[str, str, int], int] = field(default_factory=lambda: defaultdict(int))
    cash_units: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    _seen: set[str] = field(default_factory=set)

    def book(self, fill: Fill) -> bool:
        """Book a fill once. False if it was known already. Raises FillError, and books nothing, if it cannot be."""
        instrument = self.instruments.get(fill.instrument_id)
        if instrument is None or instrument.venue != fill.venue:
            raise FillError(f"fill {fill.id}: {fill.venue} lists no instrument {fill.instrument_id}")
        if fill.lots <= 0 or fill.price_e6 <= 0 or fill.buyer == fill.seller:
            told = f"{fill.lots} lots from {fill.seller} to {fill.buyer} at a price of {fill.price_e6}e-6 USD"
            raise FillError(f"fill {fill.id}: {told}")
        if fill.id in self._seen:
            return False
        try:
            worth = instrument.value_units(fill.lots, fill.price_e6)
        except InstrumentError as why:
            raise FillError(f"fill {fill.id}: {why}") from why
        self._seen.add(fill.id)
        for party, lots in ((fill.buyer, fill.lots), (fill.seller, -fill.lots)):
            held = self.positions.setdefault((fill.venue, party), {})
            held[fill.instrument_id] = held.get(fill.instrument_id, 0) + lots
            paid = worth if lots < 0 else -worth
            self.cash_units[fill.venue, party] += paid
            self.traded_units[fill.venue, party, fill.instrument_id] += paid
        return True

    def owe(self, venue: str, debtor: str, creditor: str, units: int) -> None:
        """A fee or penalty that is paid with the next settlement (1e-6 USD)."""
        self.cash_units[venue, debtor] -= units
        self.cash_units[venue, creditor] += units

    def holdings(self, venue: str, party: str) -> dict[int, int]:
        """Signed lots by instrument; flat instruments are left out."""
        return {number: lots for number, lots in self.positions.get((venue, party), {}).items() if lots}

    def profit_units(self, venue: str, party: str, number: int, mark_e6: int) -> int:
        """What a party has made on one instrument since its first fill, settled or not, in 1e-6 USD."""
        lots = self.positions.get((venue, party), {}).get(number, 0)
        return self.traded_units[venue, party, number] + self.instruments[number].value_units(lots, mark_e6)

    def parties(self, venue: str) -> list[str]:
        """Everybody who ever had a position or unsettled cash at a venue, by name."""
        return sorted(party for at, party in self.cash_units if at == venue)

    def unsettled_units(self, venue: str, party: str, marks_e6: Mapping[int, int]) -> int:
        """Unsettled P&L in 1e-6 USD: what the party would receive (or pay, if negative) were the cycle cut off now."""
        total = self.cash_units.get((venue, party), 0)
        for number, lots in self.holdings(venue, party).items():
            total += self.instruments[number].value_units(lots, marks_e6[number])
        return total

    def dues(self, venue: str, marks_e6: Mapping[int, int]) -> dict[str, int]:
        """Every party's unsettled P&L at one venue; the sum is zero."""
        return {party: self.unsettled_units(venue, party, marks_e6) for party in self.parties(venue)}

    def settle(self, venue: str, dues: Mapping[str, int]) -> None:
        """Record that these amounts are settled: P&L starts again from the marks that they were computed with."""
        for party, units in dues.items():
            self.cash_units[venue, party] -= units

    def zero_sum_breaks(self) -> dict[int, int]:
        """Instruments whose positions do not sum to zero, the house included, with the sum. Empty when all is well."""
        sums: dict[int, int] = defaultdict(int)
        for held in self.positions.values():
            for number, lots in held.items():
                sums[number] += lots
        return {number: total for number, total in sums.items() if total}


def deltas(
    instruments: Mapping[int, Instrument], fills: Iterable[Fill], payments: Iterable[Payment] = ()
) -> dict[tuple[int, str], Change]:
    """Net lots and cash per (instrument, party) over fills and payments, without the parties that come out even."""
    lots: dict[tuple[int, str], int] = defaultdict(int)
    cash: dict[tuple[int, str], int] = defaultdict(int)
    for fill in fills:
        worth = instruments[fill.instrument_id].value_units(fill.lots, fill.price_e6)
        for party, sign in ((fill.buyer, 1), (fill.seller, -1)):
            lots[fill.instrument_id, party] += sign * fill.lots
            cash[fill.instrument_id, party] -= sign * worth
    for payment in payments:
        cash[payment.instrument_id, payment.debtor] -= payment.units
        cash[payment.instrument_id, payment.creditor] += payment.units
    return {key: Change(lots[key], units) for key, units in cash.items() if lots[key] or units}
