"""One client's collateral at one venue at one moment: the schedule in force, its prices under guard, and the value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from custody.prices import Guarded, PriceRefusal, Quote, guard
from custody.schedule import Edition, Editions, ScheduleError, in_force
from custody.valuation import Valuation, value

PAR_E6 = 10**6
"""The settlement asset's price: values are counted in it, so any other would only change their name."""


@dataclass(frozen=True, slots=True)
class Appraisal:
    """A valuation and all that it rests on. `holdings` are ledger units; `guarded` has every priced asset's sources."""

    venue: str
    at_s: int
    edition: Edition
    holdings: Mapping[str, int]
    guarded: Mapping[str, Guarded]
    valuation: Valuation

    @property
    def prices(self) -> dict[str, int | PriceRefusal]:
        """By asset of the edition: 1e-6 USD per whole coin, or why there is no price."""
        return _prices(self.edition, self.guarded)


def appraise(
    editions: Editions, venue: str, holdings: Mapping[str, int], quotes: Iterable[Quote], now_s: int
) -> Appraisal:
    """What `holdings` count for at `venue`, now. Raises ScheduleError while no edition has taken effect."""
    edition = in_force(editions, now_s)
    if edition is None:
        raise ScheduleError(f"no edition of the schedule is in force at {now_s}")
    return appraise_under(edition, venue, holdings, quotes, now_s)


def appraise_under(
    edition: Edition, venue: str, holdings: Mapping[str, int], quotes: Iterable[Quote], now_s: int
) -> Appraisal:
    """The same under an edition of the caller's choice, such as one that is announced and has not taken effect."""
    told: dict[str, list[Quote]] = {}
    for quote in quotes:
        told.setdefault(quote.asset, []).append(quote)
    guarded = {
        symbol: guard(eligible.price, told.get(symbol, ()), venue, now_s)
        for symbol, eligible in edition.schedule.items()
        if eligible.price is not None
    }
    valuation = value(edition.schedule, holdings, _prices(edition, guarded))
    return Appraisal(venue, now_s, edition, dict(holdings), guarded, valuation)


def _prices(edition: Edition, guarded: Mapping[str, Guarded]) -> dict[str, int | PriceRefusal]:
    return {edition.settlement_asset: PAR_E6} | {symbol: price.answer for symbol, price in guarded.items()}
