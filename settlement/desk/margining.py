"""The margin cycle: test every client at every venue, call, top up within the client's mandate, close what is met."""

from dataclasses import dataclass, field

from custody.money import mul_div_up
from custody.movements import Block
from custody.transfers import Reason
from margin.calls import Assessment, MarginCall, Verdict, assess
from margin.fixed import ONE
from margin.instruments import Instrument
from margin.release import plan_release
from margin.requirement import BPS, Position, requirement
from margin.topup import Source, plan_top_up
from settlement import records
from settlement.desk.collateral import CollateralRoom
from settlement.desk.pricing import PricingRoom
from settlement.desk.world import World
from settlement.mirror import FUND, HOUSE


@dataclass(slots=True)
class MarginRoom:
    """Calls and top-ups. `mandates` is what each client lets be topped up without asking, in 1e-6 USD, and shrinks."""

    world: World
    collateral: CollateralRoom
    pricing: PricingRoom = field(init=False)
    mandates: dict[str, int] = field(default_factory=dict)
    calls: dict[tuple[str, str], MarginCall] = field(default_factory=dict)
    breached: set[str] = field(default_factory=set)
    liquidating: dict[tuple[str, str], Verdict] = field(default_factory=dict)
    _numbers: int = 0

    def __post_init__(self) -> None:
        self.pricing = PricingRoom(self.world)
        self.collateral.margin_liens.spare_units = self.spare_units

    def positions(self, client: str, venue: str) -> list[Position]:
        """A client's open positions at a venue with today's prices."""
        world = self.world
        return [
            self.position(world.setting.instruments[number], lots)
            for number, lots in sorted(world.mirror.holdings(venue, client).items())
        ]

    def position(self, instrument: Instrument, lots: int) -> Position:
        """So many lots of an instrument with what margin is computed at now."""
        world = self.world
        seconds = max(instrument.expires_at_s - world.now_s, 0) if instrument.is_option else 0
        return Position(
            instrument,
            lots,
            world.marks_e6[instrument.id],
            world.index_e6[instrument.underlying],
            seconds,
            world.volatility,
            world.confidence.get(instrument.underlying, ONE),
        )

    def equity(self, client: str, venue: str) -> int:
        """Collateral after haircuts, at guarded prices, plus unsettled P&L at marks, in 1e-6 USD.

        What has lost its price and is waited for is in it: nobody is called, closed or ranked for that.
        """
        held = self.world.valued(self.world.collateral(client, venue)).collateral_units
        return held + self.pricing.substitution.waited_units(client, venue) + self.unsettled(client, venue)

    def unsettled(self, client: str, venue: str) -> int:
        """Unsettled P&L at marks, and what cycles in their window will bring (1e-6 USD)."""
        world = self.world
        open_units = world.receivable.get((venue, client), 0)
        return open_units + world.mirror.unsettled_units(venue, client, world.marks_e6)

    def net_worth(self, client: str, venue: str) -> int:
        """As `equity`, without haircuts: what would be left for the client if all were closed at marks."""
        held = self.world.valued(self.world.collateral(client, venue)).market_units
        return held + self.pricing.substitution.waited_units(client, venue) + self.unsettled(client, venue)

    def assessment(self, client: str, venue: str) -> Assessment:
        """The margin test of one client at one venue, now.

        It does without what is asked to leave: that is called for, and nobody liquidates for it before the deadline.
        """
        world, call = self.world, self.calls.get((client, venue))
        required = requirement(self.positions(client, venue), world.setting.margin)
        leaving_units = self._leaving_units(client, venue)
        spared_units = self.pricing.substitution.spared_units(client, venue) + leaving_units
        equity_units = self.equity(client, venue) - leaving_units
        return assess(equity_units, required, call, world.now_s, world.setting.calls, spared_units)

    def _leaving_units(self, client: str, venue: str) -> int:
        """What the collateral counts for that its client has asked to leave with (1e-6 USD): it backs nothing new."""
        world, held = self.world, self.world.collateral(client, venue)
        staying = self.collateral.exits.staying(client, venue, held)
        if staying == held:
            return 0
        return world.valued(held).collateral_units - world.valued(staying).collateral_units

    def run(self) -> list[tuple[str, str, Verdict]]:
        """Test everybody; call and top up; close calls that are met. Returns who has to be liquidated, and why.

        A liquidation that has begun goes on until initial margin is restored: no second call in between.
        """
        world, to_liquidate, kept = self.world, [], self.collateral.margin_liens
        self._take_back()
        for venue in world.setting.venues:
            for client in world.mirror.parties(venue):
                if client in (HOUSE, FUND):
                    continue
                if (client, venue) in self.liquidating:
                    to_liquidate.append((client, venue, self.liquidating[client, venue]))
                    kept.follow(client, venue, 0)
                    continue
                if not world.mirror.holdings(venue, client):
                    # A debt without positions is the settlement's business; there is nothing left to close.
                    self.end_call(client, venue, "closed")
                    kept.close(client, venue, max(-self.unsettled(client, venue), 0))
                    continue
                tested = self.assessment(client, venue)
                kept.follow(client, venue, self._beyond(client, venue, tested))
                if tested.verdict.liquidates:
                    self.breached.add(client)
                    to_liquidate.append((client, venue, tested.verdict))
                elif tested.verdict is Verdict.CALL:
                    self._call(client, venue, tested)
                elif tested.verdict is Verdict.WAIT:
                    kept.liens.call_is_open(client, venue)
                    self._top_up(client, venue, tested)
                elif tested.verdict is Verdict.MET:
                    self.end_call(client, venue, "met", equity_units=tested.equity_units)
        kept.liens.write_tighter()
        return to_liquidate

    def _call(self, client: str, venue: str, tested: Assessment) -> None:
        world = self.world
        self._numbers += 1
        call = MarginCall(
            f"call/{self._numbers}",
            client,
            venue,
            tested.needed_units,
            world.now_s,
            world.now_s + world.setting.calls.grace_s,
        )
        liens = self.collateral.liens
        liens.call_is_open(client, venue)
        with world.database.transaction() as tx:
            records.store_call(tx, call)
            liens.write(tx)
        self.calls[client, venue] = call
        self.breached.add(client)
        world.tell(
            "call_opened", client, venue, amount_units=call.amount_units, deadline_s=call.deadline_s,
            equity_units=tested.equity_units, maintenance_units=tested.requirement.maintenance_units,
        )  # fmt: skip
        self._top_up(client, venue, tested)

    def end_call(self, client: str, venue: str, how: str, equity_units: int = 0) -> None:
        """Close a call, if one is open, as met or expired."""
        call = self.calls.pop((client, venue), None)
        if call is None:
            return
        liens = self.collateral.liens
        liens.call_is_open(client, venue, False)
        with self.world.database.transaction() as tx:
            records.end_call(tx, call.id, how, self.world.now_s)
            liens.write(tx)
        self.world.tell(f"call_{how}", client, venue, opened_at_s=call.opened_at_s, equity_units=equity_units)

    # -- top-ups ---------------------------------------------------------------------------------------------------

    def _top_up(self, client: str, venue: str, tested: Assessment) -> None:
        """Send what is missing, with a buffer so that the next tick does not call again; one top-up at a time."""
        setting = self.world.setting
        if any((a.client, a.venue) == (client, venue) for a in self.collateral.on_the_way):
            return
        wanted = mul_div_up(tested.needed_units, BPS + setting.top_up_buffer_bps, BPS)
        self.send(client, venue, min(wanted, self.mandates.get(client, 0)), setting.top_up_delay_s)

    def send(self, client: str, venue: str, wanted_units: int, delay_s: int) -> int:
        """Move up to `wanted_units` of collateral value (1e-6 USD) to a venue within the mandate; what was sent.

        From what is available first, then from what the client has to spare at its other venues. A venue that is halted
        is sent nothing.
        """
        world = self.world
        if venue in self.collateral.halts.halted:
            return 0
        sources = [*self._available(client), *self._spare(client, venue)]
        sent = 0
        prices_e6 = world.prices_e6
        held = {asset: units for asset, units in world.collateral(client, venue).items() if asset in prices_e6}
        for source in plan_top_up(wanted_units, sources, world.setting.schedule, prices_e6, held):
            sent += self._send_from(client, venue, source, delay_s)
        self.mandates[client] = max(self.mandates.get(client, 0) - sent, 0)
        return sent

    def _take_back(self) -> None:
        """What was sent in a client's name and turned away has used none of its mandate."""
        for arrival in self.collateral.turned_away:
            self.mandates[arrival.client] = self.mandates.get(arrival.client, 0) + arrival.mandate_units
        self.collateral.turned_away.clear()

    def _available(self, client: str) -> list[Source]:
        return [Source("", asset, self.collateral.delegable(client, asset)) for asset in self.world.prices_e6]

    def _spare(self, client: str, venue: str) -> list[Source]:
        """What stands at the client's other venues beyond initial margin there."""
        sources: list[Source] = []
        for other in self.world.setting.venues:
            if other == venue or (client, other) in self.calls:
                continue
            sources += self.spare_at(client, other)
        return sources

    def spare_at(self, client: str, venue: str) -> list[Source]:
        """Collateral at a venue that could leave it without touching initial margin; unsettled gains cannot leave.

        What has no price stays, and what has to stay for another reason.
        """
        world = self.world
        held, spare = world.collateral(client, venue), self.spare_units(client, venue)
        free = plan_release(spare, held, world.setting.schedule, world.prices_e6)
        liens = self.collateral.liens
        bounded = {
            asset: units - liens.kept_units(client, venue, asset, Block.OBLIGATION_UNPAID)
            for asset, units in free.items()
        }
        return [Source(venue, asset, units) for asset, units in bounded.items() if units > 0]

    def spare_units(self, client: str, venue: str) -> int:
        """What a client has at a venue beyond initial margin, in 1e-6 USD; what is waited for lets nothing out."""
        return self._beyond(client, venue, self.assessment(client, venue))

    def _beyond(self, client: str, venue: str, tested: Assessment) -> int:
        there_units = tested.equity_units - self.pricing.substitution.waited_units(client, venue)
        return there_units - tested.requirement.initial_units

    def _send_from(self, client: str, venue: str, source: Source, delay_s: int) -> int:
        """Delegate one source, or move it if it stands at another venue. Its collateral value."""
        world, asset, units = self.world, source.asset, source.units
        worth_units = world.setting.schedule[asset].collateral_units(units, world.prices_e6[asset])
        if source.place:
            if self.collateral.coverage(client, source.asset).excess_units:
                return 0  # a gain has lifted what is delegated above what the haircut allows: nothing may move on
            ready_s = world.now_s + max(delay_s, world.setting.move_delay_s)
            postings = self.collateral.move(client, source.place, venue, asset, units, ready_s, worth_units)
        else:
            ready_s = world.now_s + delay_s
            postings = self.collateral.delegate(client, venue, asset, units, ready_s, Reason.TOP_UP, worth_units)
        world.tell(
            "top_up_sent", client, venue, postings=postings, asset=asset, units=units,
            out_of=source.place, ready_s=ready_s,
        )  # fmt: skip
        return worth_units
