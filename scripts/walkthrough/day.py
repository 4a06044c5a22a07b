"""The eighteen days, moment by moment: the same prices and events for both desks, everything checked as it goes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from custody.delegation import Standing
from margin.estimates import PRICE_SCALE
from margin.fixed import from_units
from margin.scenarios.bridge import Paths
from margin.scenarios.events import AnyEvent
from margin.scenarios.scenario import Scenario
from scripts.walkthrough.acts import Act, acts_of
from scripts.walkthrough.opening import open_desk, take_positions
from scripts.walkthrough.others import Others
from scripts.walkthrough.outside import Outside
from settlement.desk import Desk
from settlement.happenings import Happening
from settlement.node import Node

VOLATILITY_INDEX = "BVIV"
PERCENT_SCALE = 8
"""Index points of 1e-6, each a hundredth: the decimals of a volatility as a fraction."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of the day: what was news, and what each desk did. `act` is set when a new act begins with it."""

    at_s: int
    prices_e6: dict[str, int]
    events: tuple[AnyEvent, ...]
    happenings: dict[Standing, tuple[Happening, ...]]
    act: Act | None = None
    act_ended: bool = False


@dataclass(slots=True)
class CrashDay:
    """Both regimes over one scenario. `desks` and `outsides` can be read at any moment.

    `seed` is what the salts of published proofs follow from; `others` is what everybody else does to prices.
    """

    scenario: Scenario
    paths: Paths
    node: Node
    folder: Path
    seed: int = 0
    others: Mapping[Standing, Others] = field(default_factory=dict)
    desks: dict[Standing, Desk] = field(default_factory=dict)
    outsides: dict[Standing, Outside] = field(default_factory=dict)

    def run(self) -> Iterator[Moment]:
        """Play the day. Yields every moment in which something was said; raises InvariantError if a rule breaks."""
        self._open()
        acts = {act.start_s: act for act in acts_of(self.scenario)}
        for number, at_s in enumerate(self.paths.times_s):
            moment = self._step(at_s, self._prices(number), acts.get(at_s), number == 0)
            ends = at_s + self.scenario.step_s in acts
            if ends:
                self._check_act()
            yield Moment(moment.at_s, moment.prices_e6, moment.events, moment.happenings, moment.act, ends)
        yield from self._last()

    def _prices(self, number: int) -> dict[str, int]:
        # One unit of the settlement asset is taken as one dollar throughout (ARCHITECTURE.md, assumptions).
        return {"USDC": PRICE_SCALE, **{asset: path[number] for asset, path in self.paths.prices_e6.items()}}

    def _felt(self, standing: Standing, at_s: int, prices_e6: dict[str, int]) -> dict[str, int]:
        """The prices of one regime: stated ones, and what the others' forced orders add to them."""
        if (others := self.others.get(standing)) is None:
            return prices_e6
        return {asset: others.price_e6(asset, at_s, price) for asset, price in prices_e6.items()}

    def _open(self) -> None:
        start_s = self.scenario.start_s
        for standing in Standing:
            # Both sets of contracts are put on the chain in the same old hour, one after the other.
            desk = open_desk(standing, self.folder, self.node, start_s, self._prices(0))
            desk.covering.seed = self.seed
            self.desks[standing], self.outsides[standing] = desk, Outside(desk)

    def _step(self, at_s: int, prices_e6: dict[str, int], act: Act | None, first: bool) -> Moment:
        self.node.move_to(at_s)
        events = tuple(event for event in self.scenario.events if event.at_s == at_s)
        told = {}
        for standing, desk in self.desks.items():
            outside = self.outsides[standing]
            felt = self._felt(standing, at_s, prices_e6)
            desk.see(at_s, felt, from_units(prices_e6[VOLATILITY_INDEX], PERCENT_SCALE))
            if first:
                take_positions(desk)
                outside.open(self.scenario.start_s, self.scenario.end_s)
            for event in events:
                outside.hear(event)
            outside.work()
            passed_s = at_s - self.scenario.start_s
            desk.work(cut_off=passed_s > 0 and passed_s % desk.world.setting.cycle_s == 0)
            told[standing] = tuple(desk.world.happenings)
            desk.world.happenings.clear()
        return Moment(at_s, prices_e6, events, told, act)

    def _last(self) -> Iterator[Moment]:
        """The last cut-off at the last price, and its settlement when the window has passed."""
        last = self._prices(len(self.paths.times_s) - 1)
        end_s = self.scenario.end_s
        yield self._step(end_s, last, None, first=False)
        final = self._step(end_s + self.scenario.step_s, last, None, first=False)
        self._check_act()
        for desk in self.desks.values():
            desk.audit.at_the_end()
        yield Moment(final.at_s, last, (), final.happenings, None, act_ended=True)

    def close(self) -> None:
        """Let go of the ledgers."""
        for desk in self.desks.values():
            desk.world.database.close()

    def _check_act(self) -> None:
        for desk in self.desks.values():
            desk.audit.after_act()
