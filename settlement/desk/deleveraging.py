"""Auto-deleveraging, where collateral is pooled: winners are closed against an account that nobody could pay for."""

from collections.abc import Sequence
from dataclasses import dataclass

from custody.delegation import Standing
from margin.adl import AdlPrice, AdlRank, AdlTerms, Candidate, close_lots, ranked
from margin.requirement import Position
from margin.waterfall import bankruptcy_price_e6
from settlement.desk.margining import MarginRoom
from settlement.desk.world import World
from settlement.mirror import HOUSE

TERMS = AdlTerms(AdlRank.PROFIT_TIMES_LEVERAGE, AdlPrice.BANKRUPTCY, whole_positions=False)
"""The public rule of large venues (specs/contagion.md §7, queue ADL)."""


@dataclass(slots=True)
class AdlRoom:
    """Closes bankrupt accounts against the other side, at the price at which they are worth nothing."""

    world: World
    margin: MarginRoom

    def is_due(self, client: str, venue: str, positions: Sequence[Position]) -> bool:
        """Pooled only: the account is under water by more than the fund and the venue's capital could pay."""
        if self.world.standing is Standing.SEGREGATED or len(positions) > 1:
            return False
        symbol = self.world.setting.settlement_asset
        fund = self.world.spendable(self.world.charts[symbol].insurance(venue))
        resources = fund + self.world.setting.venues[venue].skin_units
        return -self.margin.net_worth(client, venue) > resources

    def close_out(self, client: str, venue: str, position: Position) -> None:
        """Close the position at its bankruptcy price against the winners in their rank; the house takes the rest."""
        world, instrument = self.world, position.instrument
        worth = self.margin.net_worth(client, venue)
        exact_e6 = bankruptcy_price_e6(worth, position.lots, position.mark_e6, instrument.lots_per_coin)
        # To the tick on the side on which the account is not left owing.
        price_e6 = instrument.on_tick(exact_e6 + (instrument.tick_e6 - 1 if position.lots > 0 else 0))
        queue = ranked(self._opposite(client, position), TERMS.rank, long_winners=position.lots < 0)
        taken = list(close_lots(abs(position.lots), queue, TERMS))
        rest = abs(position.lots) - sum(lots for _, lots in taken)
        for party, lots in (*taken, *([(HOUSE, rest)] if rest else [])):
            buyer, seller = (party, client) if position.lots > 0 else (client, party)
            world.trade(instrument, buyer, seller, lots, price_e6, "adl")
            world.tell(
                "adl_applied", party, venue, debtor=client, instrument=instrument.symbol, lots=lots, price_e6=price_e6,
                mark_e6=position.mark_e6, index_e6=position.index_e6, lots_per_coin=instrument.lots_per_coin,
                forgone_units=_forgone(position, lots, price_e6),
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


def _forgone(position: Position, lots: int, price_e6: int) -> int:
    """What being closed at `price_e6` costs a winner, against a price that the liquidation itself has not pushed.

    For a perpetual that is the index: measured against the mark, the loss would contain the liquidation's own impact,
    most of which is gone within the hour.
    """
    instrument = position.instrument
    fair_e6 = position.mark_e6 if instrument.is_option else instrument.on_tick(position.index_e6)
    worse = instrument.value_units(lots, price_e6) - instrument.value_units(lots, fair_e6)
    return max(worse if position.lots > 0 else -worse, 0)
