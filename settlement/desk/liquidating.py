"""Forced closing: slices into the book with their price impact, and the client's own reserve for what is left."""

from dataclasses import dataclass, field, replace

from custody.delegation import Standing
from margin.calls import Assessment, Verdict
from margin.contagion.market import depth_now, displace, impact_e6
from margin.instruments import Instrument
from margin.liquidation import choose, next_slice, penalty_units
from margin.requirement import Position, requirement_of
from settlement.desk.deleveraging import AdlRoom
from settlement.desk.margining import MarginRoom
from settlement.desk.world import World
from settlement.mirror import FUND, HOUSE


@dataclass(slots=True)
class LiquidationRoom:
    """The room that trades in a client's name at the market."""

    world: World
    margin: MarginRoom
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
            worst = choose(positions, world.setting.rates)
            if self.adl.is_due(client, venue, positions):
                self.adl.close_out(client, venue, worst)
            else:
                self._close_slice(client, venue, worst)
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

    def _close_slice(self, client: str, venue: str, position: Position) -> None:
        world, instrument = self.world, position.instrument
        began = self._began.setdefault((client, venue, instrument.id), abs(position.lots))
        tested, policy = self.margin.assessment(client, venue), world.setting.liquidation

        def missing_after(lots: int) -> int:
            return self._missing_after(tested, position, lots)

        lots = next_slice(position, began, missing_after, policy).lots
        before_e6 = world.marks_e6[instrument.id]
        price_e6 = self.trade_at_market(instrument, client, lots, "liquidation")
        worth = abs(instrument.value_units(lots, price_e6))
        penalty = penalty_units(worth, policy)
        world.owe(instrument, client, FUND, penalty)
        world.tell(
            "liquidation_slice", client, venue, instrument=instrument.symbol, lots=lots, price_e6=price_e6,
            before_e6=before_e6, worth_units=worth, penalty_units=penalty, lots_per_coin=instrument.lots_per_coin,
        )  # fmt: skip

    def _missing_after(self, tested: Assessment, position: Position, lots: int) -> int:
        """The initial margin still missing after closing `lots` of a position at the market, penalty paid."""
        world, instrument = self.world, position.instrument
        signed = -lots if position.lots > 0 else lots
        price_e6, mark_e6 = self._prices(instrument, signed)
        rates, left = (
            world.setting.rates[instrument.underlying],
            replace(position, lots=position.lots + signed, mark_e6=mark_e6),
        )
        gained = instrument.value_units(-signed, price_e6) + instrument.value_units(left.lots, mark_e6)
        gained -= instrument.value_units(position.lots, position.mark_e6)
        penalty = penalty_units(abs(instrument.value_units(signed, price_e6)), world.setting.liquidation)
        freed = requirement_of(position, rates).initial_units - requirement_of(left, rates).initial_units
        return tested.requirement.initial_units - freed - (tested.equity_units + gained - penalty)

    def _prices(self, instrument: Instrument, lots: int) -> tuple[int, int]:
        """What signed lots would trade at, in the middle of the marks before and after, and the mark after."""
        world, mark = self.world, self.world.marks_e6[instrument.id]
        depth = depth_now(world.setting.depth_units[instrument.id], world.depth_bps)
        move = impact_e6(mark, instrument.value_units(lots, mark), depth)
        return instrument.on_tick(mark + move // 2), instrument.on_tick(mark + move)

    def trade_at_market(self, instrument: Instrument, client: str, lots: int, cause: str) -> int:
        """Trade signed lots against the venue's book with their price impact; returns the price."""
        world, mark = self.world, self.world.marks_e6[instrument.id]
        price_e6, after_e6 = self._prices(instrument, lots)
        buyer, seller = (client, HOUSE) if lots > 0 else (HOUSE, client)
        world.trade(instrument, buyer, seller, abs(lots), price_e6, cause)
        world.displacement[instrument.id] = displace(
            world.displacement[instrument.id], after_e6 - mark, world.setting.permanent_impact_bps
        )
        world.marks_e6[instrument.id] = after_e6
        return price_e6
