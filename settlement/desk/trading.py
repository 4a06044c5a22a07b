"""Trades at the market: what they cost, what they leave of initial margin, and whether a client's own may stand.

A price lies midway between the marks before and after it; who is asked before a trade is told the same as who trades.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from margin.contagion.market import depth_now, displace, impact_e6
from margin.fixed import ZERO, from_units
from margin.gate import STANDARD_LIMITS, Change, Kind, Objection, Size, adds_risk_standard, objection
from margin.instruments import Instrument
from margin.liquidation_rule import penalty_units
from margin.requirement import Position, requirement
from settlement.desk.margining import MarginRoom
from settlement.desk.world import World
from settlement.mirror import HOUSE


@dataclass(slots=True)
class TradingRoom:
    """Trades against a venue's own book."""

    world: World
    margin: MarginRoom

    def prices_e6(self, instrument: Instrument, lots: int) -> tuple[int, int]:
        """What signed lots would trade at, in the middle of the marks before and after, and the mark after."""
        world, mark = self.world, self.world.marks_e6[instrument.id]
        depth = depth_now(world.setting.depth_units[instrument.id], world.depth_bps)
        move = impact_e6(mark, instrument.value_units(lots, mark), depth)
        return instrument.on_tick(mark + move // 2), instrument.on_tick(mark + move)

    def at_market(self, instrument: Instrument, client: str, lots: int, cause: str) -> int:
        """Trade signed lots against the venue's book with their price impact; returns the price (1e-6 USD)."""
        world, mark = self.world, self.world.marks_e6[instrument.id]
        price_e6, after_e6 = self.prices_e6(instrument, lots)
        buyer, seller = (client, HOUSE) if lots > 0 else (HOUSE, client)
        world.trade(instrument, buyer, seller, abs(lots), price_e6, cause)
        world.displacement[instrument.id] = displace(
            world.displacement[instrument.id], after_e6 - mark, world.setting.permanent_impact_bps
        )
        world.marks_e6[instrument.id] = after_e6
        return price_e6

    def impact_units(self, traded: Mapping[int, int]) -> int:
        """What signed lots by instrument would cost against their marks, in 1e-6 USD."""
        return sum(self._lost_units(self.world.setting.instruments[number], lots) for number, lots in traded.items())

    def _lost_units(self, instrument: Instrument, lots: int) -> int:
        price_e6, _ = self.prices_e6(instrument, lots)
        return instrument.value_units(lots, price_e6) - instrument.value_units(lots, self.world.marks_e6[instrument.id])

    def initial_after(
        self, equity_units: int, positions: Sequence[Position], traded: Mapping[int, int], penalty_bps: int = 0
    ) -> int:
        """Net initial margin of these positions once signed lots of some are traded at the market, penalty paid.

        In 1e-6 USD; what is left is valued at the marks that the trades leave.
        """
        left = []
        for position in positions:
            if lots := traded.get(position.instrument.id, 0):
                instrument = position.instrument
                price_e6, mark_e6 = self.prices_e6(instrument, lots)
                after = replace(position, lots=position.lots + lots, mark_e6=mark_e6)
                paid_units = instrument.value_units(lots, price_e6)
                equity_units += instrument.value_units(after.lots, mark_e6)
                equity_units -= instrument.value_units(position.lots, position.mark_e6) + paid_units
                equity_units -= penalty_units(abs(paid_units), penalty_bps)
                left.append(after)
            else:
                left.append(position)
        return equity_units - requirement(left, self.world.setting.margin).initial_units

    def objection(self, client: str, instrument: Instrument, lots: int) -> Objection | None:
        """Why a client may not trade signed lots at the market now; None where it may (Derive's gate, SRM)."""
        venue, positions = instrument.venue, self.margin.positions(client, instrument.venue)
        held = next((position.lots for position in positions if position.instrument == instrument), 0)
        others = [position for position in positions if position.instrument != instrument]
        joined = [*others, self.margin.position(instrument, held)]
        equity_units = self.margin.assessment(client, venue).equity_units
        changes = self._changes(instrument, lots, held)
        return objection(
            in_auction=(client, venue) in self.margin.liquidating,
            before=_size(positions),
            after=_size([*others, self.margin.position(instrument, held + lots)]),
            limits=STANDARD_LIMITS,
            changes=changes,
            cash_after=ZERO,  # a compartment lends nothing, and no premium is paid up front
            adds_risk=adds_risk_standard(changes),
            margin_to_meet=from_units(self.initial_after(equity_units, joined, {instrument.id: lots}), 6),
        )

    def _changes(self, instrument: Instrument, lots: int, held: int) -> list[Change]:
        """The change of a position; an option's worth is paid for, which its settlement spreads over the cycles."""
        amount, after = (self.margin.position(instrument, count).amount for count in (lots, held + lots))
        if not instrument.is_option:
            return [Change(Kind.PERP, amount, after)]
        price_e6, _ = self.prices_e6(instrument, lots)
        paid = from_units(-instrument.value_units(lots, price_e6), 6)
        return [Change(Kind.OPTION, amount, after), Change(Kind.CASH, paid, ZERO)]


def _size(positions: Sequence[Position]) -> Size:
    """Cash is an asset too."""
    open_ones = [position.instrument for position in positions if position.lots]
    return Size(1 + len(open_ones), len({one.expires_at_s for one in open_ones if one.is_option}))
