"""Forced closing: slices into the book with their impact, auto-deleveraging where pooled, the client's own reserve."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from custody.delegation import Standing
from margin.calls import Assessment, Verdict
from margin.contagion.market import depth_now, displace, impact_e6
from margin.instruments import Instrument
from margin.liquidation import Candidate, adl_queue, choose, deleverage, next_slice, penalty_units
from margin.requirement import Position, requirement_of
from margin.waterfall import bankruptcy_price_e6
from settlement.desk.margining import MarginRoom
from settlement.desk.world import World
from settlement.mirror import FUND, HOUSE


@dataclass(slots=True)
class LiquidationRoom:
    """The only room that trades in a client's name. `losses` notes what auto-deleveraging cost whom, in 1e-6 USD."""

    world: World
    margin: MarginRoom
    losses: dict[str, int] = field(default_factory=dict)
    closed_units: dict[str, int] = field(default_factory=dict)
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
            worst = choose(positions, dict(world.setting.rates))
            if self._must_deleverage(client, venue, positions):
                self._deleverage(client, venue, worst)
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
        world.owe(venue, client, FUND, penalty)
        self.closed_units[client] = self.closed_units.get(client, 0) + worth
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

    # -- auto-deleveraging -----------------------------------------------------------------------------------------

    def _must_deleverage(self, client: str, venue: str, positions: Sequence[Position]) -> bool:
        """Pooled only: the account is under water by more than the fund and the venue's capital could pay."""
        if self.world.standing is Standing.SEGREGATED or len(positions) > 1:
            return False
        symbol = self.world.setting.settlement_asset
        fund = self.world.spendable(self.world.charts[symbol].insurance(venue))
        resources = fund + self.world.setting.venues[venue].skin_units
        return -self.margin.net_worth(client, venue) > resources

    def _deleverage(self, client: str, venue: str, position: Position) -> None:
        """Close the position at its bankruptcy price against the winners in their rank; the house takes the rest."""
        world, instrument = self.world, position.instrument
        price_e6 = bankruptcy_price_e6(
            self.margin.net_worth(client, venue), position.lots, position.mark_e6, instrument.lots_per_coin
        )
        price_e6 = instrument.on_tick(price_e6 + (instrument.tick_e6 - 1 if position.lots > 0 else 0))
        taken = list(deleverage(abs(position.lots), adl_queue(self._opposite(client, position))))
        rest = abs(position.lots) - sum(lots for _, lots in taken)
        for party, lots in (*taken, *([(HOUSE, rest)] if rest else [])):
            buyer, seller = (party, client) if position.lots > 0 else (client, party)
            world.trade(instrument, buyer, seller, lots, price_e6, "adl")
            forgone = abs(instrument.value_units(lots, price_e6) - instrument.value_units(lots, position.mark_e6))
            self.losses[party] = self.losses.get(party, 0) + forgone
            world.tell(
                "adl_applied", party, venue, debtor=client, instrument=instrument.symbol, lots=lots, price_e6=price_e6,
                mark_e6=position.mark_e6, forgone_units=forgone, lots_per_coin=instrument.lots_per_coin,
            )  # fmt: skip

    def _opposite(self, client: str, position: Position) -> list[Candidate]:
        """Holders of the other side at the same venue, with what ranks them; the house is unlevered."""
        world, instrument = self.world, position.instrument
        side = 1 if position.lots > 0 else -1
        candidates = []
        for party in world.mirror.parties(instrument.venue):
            lots = world.mirror.holdings(instrument.venue, party).get(instrument.id, 0) * -side
            if lots <= 0 or party == client:
                continue
            profit = world.mirror.profit_units(instrument.venue, party, instrument.id, position.mark_e6)
            notional = instrument.value_units(lots, position.mark_e6)
            equity = notional if party == HOUSE else self.margin.equity(party, instrument.venue)
            candidates.append(Candidate(party, lots, profit, equity, notional))
        return candidates
