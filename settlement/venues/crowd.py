"""A crowd that trades at a simulated venue: random orders about a price that wanders, all of it from one seed.

It is no model of a market. It makes every kind of entry often enough that whoever mirrors the venue has seen them all.
"""

from dataclasses import dataclass, field
from random import Random

from margin.instruments import Instrument
from settlement.venues.orders import Lifetime, Order
from settlement.venues.simulated import HOUR_S, SimulatedVenue, option_value_e6

BPS = 10_000
CORRECTIONS_PER_MILLE, BUSTS_PER_MILLE = 10, 5
SPREAD_BPS, MOST_LOTS = 30, 40


@dataclass(slots=True)
class Crowd:
    """`accounts` trade with one another. `spot_e6`: where each underlying starts, 1e-6 USD a coin."""

    venue: SimulatedVenue
    accounts: tuple[int, ...]
    spot_e6: dict[str, int]
    seed: int
    _draw: Random = field(init=False)
    _orders: int = 0
    _funded_at_ms: int = 0

    def __post_init__(self) -> None:
        self._draw = Random(self.seed)

    def trade(self, orders: int, now_ms: int) -> None:
        """Some orders in whatever has not expired, and now and then a bust or a correction of a fill."""
        for _ in range(orders):
            instrument = self._draw.choice(self._listed(now_ms))
            self.venue.place(instrument.id, self._order(instrument), now_ms)
            lot = self._draw.randrange(1_000)
            if lot < BUSTS_PER_MILLE + CORRECTIONS_PER_MILLE and self.venue.books.standing:
                self._amend(lot < BUSTS_PER_MILLE, now_ms)

    def turn(self, now_ms: int) -> None:
        """Spot moves, marks follow, perpetuals pay funding once an hour, and what has reached its hour expires."""
        for name, spot_e6 in self.spot_e6.items():
            self.spot_e6[name] = max(spot_e6 + spot_e6 * self._draw.randint(-50, 50) // BPS, 1)
        for instrument in self._listed(now_ms):
            self.venue.mark(instrument.id, self._worth_e6(instrument), now_ms)
        if now_ms >= self._funded_at_ms + 1_000 * HOUR_S:
            self._funded_at_ms = now_ms
            for instrument in self._listed(now_ms):
                if not instrument.is_option:
                    rate_e9 = self._draw.randint(-40_000, 60_000)
                    self.venue.fund(instrument.id, rate_e9, self.spot_e6[instrument.underlying], HOUR_S, now_ms)
        for instrument in self.venue.registry.by_number.values():
            is_due = instrument.is_option and now_ms >= 1_000 * instrument.expires_at_s
            if is_due and instrument.id not in self.venue.books.final_e6:
                self.venue.expire(instrument.id, self.spot_e6[instrument.underlying], now_ms)

    def _order(self, instrument: Instrument) -> Order:
        self._orders += 1
        price_e6 = self._worth_e6(instrument)
        limit_e6 = price_e6 + price_e6 * self._draw.randint(-SPREAD_BPS, SPREAD_BPS) // BPS
        account, is_bid = self._draw.choice(self.accounts), bool(self._draw.getrandbits(1))
        ticks = instrument.on_tick(limit_e6) // instrument.tick_e6
        return Order(f"crowd/{self._orders}", account, is_bid, self._draw.randint(1, MOST_LOTS), ticks, Lifetime.REST)

    def _amend(self, is_bust: bool, now_ms: int) -> None:
        books = self.venue.books
        number = self._draw.choice([*books.standing][-100:])
        if is_bust:
            self.venue.bust(number, now_ms)
        elif books.standing[number].instrument not in books.final_e6:
            self.venue.correct(number, self._draw.randint(1, MOST_LOTS), books.standing[number].price_e6, now_ms)

    def _worth_e6(self, instrument: Instrument) -> int:
        spot_e6 = self.spot_e6[instrument.underlying]
        if not instrument.is_option:
            return spot_e6
        return option_value_e6(instrument, spot_e6) + spot_e6 // 50  # what is in the money, and something for time

    def _listed(self, now_ms: int) -> list[Instrument]:
        return [
            one
            for one in self.venue.registry.by_number.values()
            if not one.is_option or now_ms < 1_000 * one.expires_at_s
        ]
