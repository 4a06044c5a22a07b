"""The price of collateral at the desk: under guard, once a moment, from sources none of which is a venue's own book.

Marks are the venues' and price positions; they never price collateral. An asset without a price counts for nothing from
that moment on, which is told with the refusal's name, and is for `substituting.py` to follow.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from custody.appraisal import Appraisal, appraise_under
from custody.collateral import Schedule
from custody.prices import PriceRefusal, PriceRule, Quote, Source
from custody.schedule import Edition
from custody.valuation import Prices
from settlement.desk.setting import Setting
from settlement.desk.substituting import SubstitutionRoom
from settlement.desk.world import World

RULE = PriceRule(
    tuple(map(Source, ("first index", "second index", "third index"))),
    least_sources=3,
    faulty_sources=1,
    max_age_s=60,
    max_spread_bps=200,
)
"""Whom the desk asks about an asset whose terms do not say: three, of whom one may lie [A]."""
SUBSTITUTION_S = 86_400
"""How long an asset that has lost its price is waited for: as in the standard schedule [A]."""


@dataclass(slots=True)
class PricingRoom:
    """Keeps `world.prices`; `substitution` asks for what has lost its price."""

    world: World
    substitution: SubstitutionRoom = field(init=False)
    _edition: Edition = field(init=False)
    _seen: Appraisal | None = None

    def __post_init__(self) -> None:
        self.substitution = SubstitutionRoom(self.world)
        self._edition = edition_of(self.world.setting)

    def see(self, quotes: Iterable[Quote] | None) -> None:
        """Take what the sources say now; None: each of them says the index, as a scenario has but one price.

        Every venue has the same prices, as no source is the own book of any: one appraisal, of nothing, finds them.
        """
        world, before = self.world, self._seen
        if quotes is None:
            quotes = agreeing(self._edition.schedule, world.index_e6, world.now_s)
        self._seen = seen = appraise_under(self._edition, "", {}, quotes, world.now_s)
        had, world.prices = world.prices, seen.prices
        self._tell(had, world.prices)
        self.substitution.follow(before, seen)

    def _tell(self, had: Prices, have: Prices) -> None:
        for asset, now in have.items():
            was = had.get(asset)
            if isinstance(now, PriceRefusal) and now != was:
                self.world.tell("price_refused", asset=asset, refusal=now.value)
            elif isinstance(now, int) and isinstance(was, PriceRefusal):
                self.world.tell("price_found", asset=asset, price_e6=now)


def edition_of(setting: Setting) -> Edition:
    """The setting's schedule, with a rule for every asset but that of account. ValueError for one that asks a venue."""
    schedule = {
        symbol: terms if terms.price or symbol == setting.settlement_asset else replace(terms, price=RULE)
        for symbol, terms in setting.schedule.items()
    }
    for symbol, terms in schedule.items():
        for source in terms.price.sources if terms.price else ():
            if own := setting.venues.keys() & set(source.books):
                raise ValueError(f"{symbol}: {source.name} is made of the book of {min(own)}, a venue of this desk")
    return Edition(0, 0, 0, SUBSTITUTION_S, setting.settlement_asset, schedule)


def agreeing(schedule: Schedule, prices_e6: Mapping[str, int], now_s: int) -> Iterator[Quote]:
    """What is heard when every source says the same, and says it now."""
    for symbol, terms in schedule.items():
        for source in terms.price.sources if terms.price else ():
            yield Quote(symbol, source.name, prices_e6[symbol], now_s)
