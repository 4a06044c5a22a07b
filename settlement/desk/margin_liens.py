"""Initial margin as a lien: what a client asks back cannot take it below what its positions need.

That changes with every price. So the lien on record keeps a little more, and is rewritten only where that has become
too little or far too much; what is handed in at the desk is tested there and then, to the unit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from custody.collateral import BPS
from custody.movements import Block
from margin.release import plan_release
from settlement.desk.liens import LienRoom
from settlement.desk.world import World

SLACK = 8
"""The lien is made larger than need be by one part in so many of the collateral's value, and may be by two [A]."""


@dataclass(frozen=True, slots=True)
class Margin:
    """A lien that will do while the same is held, and no less is to spare than it lets go, nor far more (1e-6 USD).

    Only one that lets go of nothing but the settlement asset: what another lets go changes with its price.
    """

    held: Mapping[str, int]
    least_units: int
    most_units: int


@dataclass(slots=True)
class MarginLiens:
    """Margin's liens of one desk. `spare_units`: what a client has at a venue beyond initial margin, in 1e-6 USD."""

    world: World
    liens: LienRoom
    spare_units: Callable[[str, str], int] = field(init=False)
    _written: dict[tuple[str, str], Margin] = field(default_factory=dict)

    def test(self, client: str, venue: str, asset: str) -> None:
        """Keep what initial margin needs at this moment, to the unit; `asset` is what is asked back, and gives first.

        In a transaction before that of the recall: whatever leaves in between, what is kept stays.
        """
        self._release(client, venue, self.spare_units(client, venue), asset)
        self.liens.write_alone()

    def follow(self, client: str, venue: str, spare_units: int) -> None:
        """See that enough is kept, and not far too much, with `spare_units` as of now. Written by the caller."""
        held, spare = self.world.collateral(client, venue), max(spare_units, 0)
        last = self._written.get((client, venue))
        if last and last.least_units <= spare <= last.most_units and last.held == held:
            return
        worth, freed = self._freed(client, venue, held)
        slack, spare = worth // SLACK, min(spare, worth)
        if not spare - 2 * slack <= freed <= spare:
            self._release(client, venue, spare - slack)
            worth, freed = self._freed(client, venue, held)
        if self._lets_go_of_cash_only(client, venue, held):
            self._written[client, venue] = Margin(held, freed, freed + 2 * slack)

    def close(self, client: str, venue: str, owed_units: int) -> None:
        """Nothing is open any more: nothing is kept but for what is owed and unsettled. Written by the caller."""
        if owed_units:
            self.follow(client, venue, self.spare_units(client, venue))
            return
        for asset in self.world.setting.schedule:
            self.liens.note(client, venue, asset, Block.MARGIN_WOULD_BREACH, 0)
        self._written.pop((client, venue), None)

    def _release(self, client: str, venue: str, spare_units: int, *first: str) -> None:
        world, held = self.world, self.world.collateral(client, venue)
        free = plan_release(spare_units, held, world.setting.schedule, world.prices_e6, first)
        for asset, units in held.items():
            self.liens.note(client, venue, asset, Block.MARGIN_WOULD_BREACH, units - free.get(asset, 0))
        self._written.pop((client, venue), None)

    def _lets_go_of_cash_only(self, client: str, venue: str, held: Mapping[str, int]) -> bool:
        schedule, symbol = self.world.setting.schedule, self.world.setting.settlement_asset
        freed = {asset for asset in held if self._kept(client, venue, asset) < held[asset]}
        return freed <= {symbol} and all(eligible.most_share_bps == BPS for eligible in schedule.values())

    def _freed(self, client: str, venue: str, held: Mapping[str, int]) -> tuple[int, int]:
        """What is held counts for, and how much of that the lien lets go, in 1e-6 USD."""
        kept = {asset: min(self._kept(client, venue, asset), units) for asset, units in held.items()}
        worth = self.world.valued(held).collateral_units
        return worth, worth - self.world.valued(kept).collateral_units

    def _kept(self, client: str, venue: str, asset: str) -> int:
        return self.liens.kept_units(client, venue, asset, Block.MARGIN_WOULD_BREACH)
