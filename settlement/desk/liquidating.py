"""Forced closing: slices into the book with their price impact, and the client's own reserve for what is left."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from custody.delegation import Standing
from margin.calls import Verdict
from margin.instruments import Instrument
from margin.liquidation_plan import best_slice
from margin.liquidation_rule import penalty_units
from margin.requirement import Position
from settlement.desk.deleveraging import AdlRoom
from settlement.desk.margining import MarginRoom
from settlement.desk.trading import TradingRoom
from settlement.desk.world import World
from settlement.mirror import FUND


@dataclass(slots=True)
class LiquidationRoom:
    """The room that trades in a client's name."""

    world: World
    margin: MarginRoom
    trading: TradingRoom
    adl: AdlRoom
    _began: dict[tuple[str, str, int], int] = field(default_factory=dict)

    def liquidate(self, client: str, venue: str, why: Verdict) -> None:
        """Close slices until initial margin is restored, nothing is left, or the step's slices are used up."""
        world, tested = self.world, self.margin.assessment(client, venue)
        self.margin.end_call(client, venue, "expired", equity_units=tested.equity_units)
        if (client, venue) not in self.margin.liquidating:
            self.margin.liquidating[client, venue] = why
            world.tell(
                "liquidation_started", client, venue, why=why.value, equity_units=tested.equity_units,
                maintenance_units=tested.requirement.maintenance_units,
            )  # fmt: skip
        for _ in range(world.setting.slices_per_step):
            tested = self.margin.assessment(client, venue)
            positions = self.margin.positions(client, venue)
            if not positions or tested.needed_units == 0:
                break
            if self.adl.is_due(client, venue, positions):
                self.adl.close_out(client, venue, positions[0])
            else:
                self._close_slice(client, venue, positions)
        self._finish(client, venue)

    def _finish(self, client: str, venue: str) -> None:
        tested, left = self.margin.assessment(client, venue), self.margin.positions(client, venue)
        if left and tested.needed_units:
            return
        del self.margin.liquidating[client, venue]
        self._began = {key: lots for key, lots in self._began.items() if key[:2] != (client, venue)}
        missing = max(-self.margin.net_worth(client, venue), 0)
        ended = "shortfall" if missing and not left else "healthy" if left else "closed"
        self.world.tell("liquidation_closed", client, venue, ended=ended, equity_units=tested.equity_units)
        if ended == "shortfall":
            self._own_reserve_pays(client, venue, missing)

    def _own_reserve_pays(self, client: str, venue: str, missing_units: int) -> None:
        """Segregated: the agreement lets the custodian take the client's own reserve before anyone else pays."""
        sent = 0
        if self.world.standing is Standing.SEGREGATED:
            wanted = min(missing_units, self.margin.mandates.get(client, 0))
            sent = self.margin.send(client, venue, wanted, delay_s=0)
            self.margin.collateral.arrive()
        self.world.tell("shortfall_found", client, venue, missing_units=missing_units, own_reserve_units=sent)

    # -- into the book ---------------------------------------------------------------------------------------------

    def _close_slice(self, client: str, venue: str, positions: Sequence[Position]) -> None:
        """Close what frees most margin per dollar of impact, and of that no more than is needed."""
        world, rule = self.world, self.world.setting.liquidation
        tested, most = self.margin.assessment(client, venue), []
        for position in positions:
            held = abs(position.lots)
            began = self._began.setdefault((client, venue, position.instrument.id), held)
            most.append(rule.most_lots(held, began, abs(position.instrument.value_units(held, position.mark_e6))))

        def traded(lots: Sequence[int]) -> dict[int, int]:
            return {
                position.instrument.id: -count if position.lots > 0 else count
                for position, count in zip(positions, lots, strict=True)
                if count
            }

        def initial_after(lots: Sequence[int]) -> int:
            return self.trading.initial_after(tested.equity_units, positions, traded(lots), world.setting.penalty_bps)

        lots = best_slice(most, initial_after, lambda lots: self.trading.impact_units(traded(lots)))
        for number, count in traded(lots).items():
            self._close(client, venue, world.setting.instruments[number], count)

    def _close(self, client: str, venue: str, instrument: Instrument, lots: int) -> None:
        world = self.world
        before_e6 = world.marks_e6[instrument.id]
        price_e6 = self.trading.at_market(instrument, client, lots, "liquidation")
        worth = abs(instrument.value_units(lots, price_e6))
        penalty = penalty_units(worth, world.setting.penalty_bps)
        world.owe(instrument, client, FUND, penalty)
        world.tell(
            "liquidation_slice", client, venue, instrument=instrument.symbol, lots=lots, price_e6=price_e6,
            before_e6=before_e6, worth_units=worth, penalty_units=penalty, lots_per_coin=instrument.lots_per_coin,
        )  # fmt: skip
