"""One step of the desk, in fixed order: prices, arrivals, finality, margin, liquidation, mirror, cut-off."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from custody.prices import Quote
from custody.register import Register
from margin.black76 import black76
from margin.contagion.market import HALF_LIFE_S, relax
from margin.fixed import Fixed, from_units
from margin.instruments import Instrument, Kind
from settlement.desk.auditing import AuditRoom
from settlement.desk.collateral import CollateralRoom
from settlement.desk.covering import CoveringRoom
from settlement.desk.deleveraging import AdlRoom
from settlement.desk.exiting import ExitRoom
from settlement.desk.fees import FeeRoom
from settlement.desk.liquidating import LiquidationRoom
from settlement.desk.margining import MarginRoom
from settlement.desk.recalling import RecallRoom
from settlement.desk.settling import SettlementRoom
from settlement.desk.trading import TradingRoom
from settlement.desk.world import World

DAY_S = 86_400


@dataclass(slots=True)
class Desk:
    """The rooms of one desk, and the order in which they work."""

    world: World
    collateral: CollateralRoom
    recalls: RecallRoom
    exits: ExitRoom
    fees: FeeRoom
    margin: MarginRoom
    trading: TradingRoom
    liquidation: LiquidationRoom
    settlement: SettlementRoom
    covering: CoveringRoom
    audit: AuditRoom

    @classmethod
    def over(cls, world: World) -> "Desk":
        """A desk with its rooms around one world."""
        collateral = CollateralRoom(world)
        margin = MarginRoom(world, collateral)
        trading = TradingRoom(world, margin)
        liquidation = LiquidationRoom(world, margin, trading, AdlRoom(world, margin))
        settlement = SettlementRoom(world, collateral)
        register = Register(world.database, collateral.instructing.agreement)
        audit = AuditRoom(world, settlement, register)
        going = collateral.recalls, collateral.exits, FeeRoom(world)
        return cls(world, collateral, *going, margin, trading, liquidation, settlement, CoveringRoom(world), audit)

    def see(
        self,
        now_s: int,
        index_e6: Mapping[str, int],
        volatility: Fixed,
        quotes: Iterable[Quote] | None = None,
        confidence: Mapping[str, Fixed] | None = None,
    ) -> None:
        """Take a new time and new index prices (1e-6 USD); marks follow. `volatility` a year, as a fraction.

        `quotes` are what the sources of collateral's prices say; None: all of them say the index. `confidence` is that
        of an underlying's feeds, 0 to 1; None: 1, for sources that agree doubt nothing.
        """
        world = self.world
        # By the clock's half-lives, not by the step's length: short steps would never add up to one.
        elapsed_s = (now_s // HALF_LIFE_S - world.now_s // HALF_LIFE_S) * HALF_LIFE_S
        world.now_s, world.index_e6 = now_s, dict(index_e6)
        world.volatility, world.confidence = volatility, dict(confidence or {})
        for number, moved in world.displacement.items():
            world.displacement[number] = relax(moved, elapsed_s)
        for instrument in sorted(world.setting.instruments.values(), key=lambda listed: listed.is_option):
            world.marks_e6[instrument.id] = self._mark(instrument)
        self.margin.pricing.see(quotes)

    def _mark(self, instrument: Instrument) -> int:
        world = self.world
        moved = world.displacement[instrument.id].total_e6 if instrument.id in world.displacement else 0
        if not instrument.is_option:
            return instrument.on_tick(world.index_e6[instrument.underlying] + moved)
        seconds = max(instrument.expires_at_s - world.now_s, 0)
        forward, strike = from_units(world.index_e6[instrument.underlying], 6), from_units(instrument.strike_e6, 6)
        prices = black76(forward, strike, world.volatility, seconds)
        worth = prices.call if instrument.kind is Kind.CALL else prices.put
        return instrument.on_tick(worth.down_to(6) + moved)

    def work(self, *, cut_off: bool) -> None:
        """Everything of one moment but what comes from outside; `cut_off` ends every venue's cycle."""
        if self.settlement.open:
            paid = self.settlement.finalize()
            # Before the sums are audited: here a break has a name.
            self.covering.publish(paid)
            self.audit.after_cycle()
        if cut_off:
            self.exits.look()  # what has left pays nothing in the cycle that ends
        else:
            self.exits.look_if_due()
        self.recalls.look_again()
        self.collateral.arrive()
        if self.world.now_s % DAY_S == 0:
            self.fees.charge()
        for client, venue, verdict in self.margin.run():
            self.liquidation.liquidate(client, venue, verdict)
        if cut_off:
            self.settlement.cut_off()
        elif self.world.new_fills:
            self.settlement.mirror_positions()
