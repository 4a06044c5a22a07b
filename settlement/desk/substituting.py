"""What loses its price is called, not seized: a demand for other collateral, with a deadline, and nothing moves for it.

Until the deadline a margin test goes on counting what is waited for; then it makes an ordinary call, for whose cure
period the loss is still no reason to liquidate at once (custody/substitution.py has the rules). What opens a position,
or lets collateral out, counts nothing of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from custody.appraisal import Appraisal
from custody.prices import PriceRefusal
from custody.substitution import Demand, Stage, in_cure_units, revalue, spared_units, stage
from custody.valuation import value
from margin.calls import MarginCall
from settlement import records
from settlement.desk.world import World
from settlement.mirror import FUND, HOUSE


@dataclass(slots=True)
class Asked:
    """One demand, under the id by which it is stored; `over` once it has been told how it ended."""

    id: str
    demand: Demand
    over: bool = False


@dataclass(slots=True)
class SubstitutionRoom:
    """Who has been asked for what: `asked`, by client and venue."""

    world: World
    asked: dict[tuple[str, str], list[Asked]] = field(default_factory=dict)
    _seen: Appraisal = field(init=False)
    _numbers: int = 0

    def follow(self, before: Appraisal | None, now: Appraisal) -> None:
        """See how the demands stand, and ask anew for what had a price `before` and has none `now`.

        Both are appraisals of nothing: they carry the prices. What never had a price was never counted, so the rules
        have taken nothing.
        """
        self._seen = now
        for (client, venue), asked in self.asked.items():
            self.asked[client, venue] = [one for one in asked if self._stands(client, venue, one)]
        if before is not None and _lost(before, now):
            for client, venue in self._trading():
                for demand in revalue(self._of(before, client, venue), self._of(now, client, venue)).demands:
                    self._ask(client, demand)

    def waited_units(self, client: str, venue: str) -> int:
        """What still counts, though its price is lost, in 1e-6 USD; never for what lets collateral out."""
        asked = self.asked.get((client, venue))
        return in_cure_units([one.demand for one in asked], self._today(client, venue)) if asked else 0

    def spared_units(self, client: str, venue: str) -> int:
        """What is no reason to liquidate without a call, in 1e-6 USD."""
        asked, grace_s = self.asked.get((client, venue)), self.world.setting.calls.grace_s
        return spared_units([one.demand for one in asked], self._today(client, venue), grace_s) if asked else 0

    def _trading(self) -> Iterator[tuple[str, str]]:
        """Those whom the margin cycle tests: collateral that backs nothing is short of nothing."""
        for venue in self.world.setting.venues:
            for party in self.world.mirror.parties(venue):
                if party not in (HOUSE, FUND) and self.world.mirror.holdings(venue, party):
                    yield party, venue

    def _ask(self, client: str, demand: Demand) -> None:
        world, venue = self.world, demand.venue
        self._numbers += 1
        asked = Asked(f"substitution/{demand.asset}/{self._numbers}", demand)
        # Stored among the margin calls, which it is in all but its cause: an amount, a deadline, and how it ended.
        call = MarginCall(asked.id, client, venue, demand.lost_units, demand.called_at_s, demand.deadline_s)
        with world.database.transaction() as tx:
            records.store_call(tx, call)
        self.asked.setdefault((client, venue), []).append(asked)
        world.tell(
            "substitution_called", client, venue, asset=demand.asset, amount_units=demand.lost_units,
            deadline_s=demand.deadline_s,
        )  # fmt: skip

    def _stands(self, client: str, venue: str, asked: Asked) -> bool:
        """Whether a demand still means anything, a cure period after its deadline included; tells what became of it."""
        demand, now_s = asked.demand, self.world.now_s
        found = stage(demand, self._today(client, venue))
        if not asked.over and found is not Stage.WAITING:
            asked.over = True
            how = "cured" if found is Stage.CURED else "expired"
            with self.world.database.transaction() as tx:
                records.end_call(tx, asked.id, how, now_s)
            self.world.tell("substitution_ended", client, venue, asset=demand.asset, how=how)
        return found is not Stage.CURED and now_s < demand.deadline_s + self.world.setting.calls.grace_s

    def _today(self, client: str, venue: str) -> Appraisal:
        return self._of(self._seen, client, venue)

    def _of(self, prices: Appraisal, client: str, venue: str) -> Appraisal:
        """What a client has at a venue now, appraised at those prices."""
        holdings = self.world.collateral(client, venue)
        valuation = value(prices.edition.schedule, holdings, prices.prices)
        return replace(prices, venue=venue, holdings=holdings, valuation=valuation)


def _lost(before: Appraisal, now: Appraisal) -> bool:
    had = before.prices
    return any(isinstance(found, PriceRefusal) and isinstance(had[asset], int) for asset, found in now.prices.items())
