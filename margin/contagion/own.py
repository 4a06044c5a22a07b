"""What is a user's own in every run of a comparison: accounts instead of drawn ones, venues, an order of payers."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256

from margin.contagion.population import Population
from margin.contagion.regimes import Regime
from margin.contagion.venues import Venue
from margin.contagion.waterfalls import applies, payers_of
from margin.default_waterfall import Means, Waterfall


@dataclass(frozen=True, slots=True)
class Own:
    """`venues` are all of them where any is a user's own; the waterfall is for one form of custody."""

    population: Population | None = None
    venues: tuple[Venue, ...] = ()
    waterfall: Waterfall | None = None

    def payers(self, regime: Regime) -> tuple[Means, ...]:
        """In their order, none where the regime's own holds. Raises WaterfallError for steps that are not simulated."""
        return payers_of(self.waterfall) if self.waterfall and applies(self.waterfall, regime) else ()

    def digest(self) -> str:
        """SHA-256 over all of it; "" where nothing is a user's own."""
        if self == NOTHING:
            return ""
        people = self.population.digest() if self.population else ""
        order = [str(self.waterfall.custody), *map(str, payers_of(self.waterfall))] if self.waterfall else []
        told = [people, [asdict(one) for one in self.venues], order]
        return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


NOTHING = Own()
