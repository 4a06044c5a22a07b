"""What has to stay in compartments: each lien is written in the transaction of what causes it, and of what ends it.

    settlement_pending   what each payer owes of an asset, from a cycle's proposal until it is paid
    call_open            all that stands in a compartment while its call is open
    margin_would_breach  what initial margin needs, while anything is open or unsettled
    obligation_unpaid    what a debtor could not pay: it stays owed, and whatever comes to that compartment stays for it

They add up. What initial margin needs changes with every price, so its lien keeps a little more, and is rewritten only
where that has become too little or far too much; a recall that is handed in is tested there and then, to the unit.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from custody import liens
from custody.liens import Place
from custody.movements import Block
from margin.release import plan_release
from settlement.cycle import Cycle
from settlement.desk.world import World
from settlement.mirror import FUND, HOUSE

SLACK = 32
"""The share of a compartment's value by which margin's lien may be too large: two parts in so many [A]."""


@dataclass(slots=True)
class LienRoom:
    """The liens of one desk. What is noted is written with the next `write`, so note before the cause is written.

    `spare_units` says what a client has at a venue beyond initial margin (1e-6 USD): the margin room's test.
    """

    world: World
    spare_units: Callable[[str, str], int] = field(init=False)
    kept: dict[tuple[Place, Block], int] = field(default_factory=dict)
    _changed: set[tuple[Place, Block]] = field(default_factory=set)

    def write(self, tx: Connection) -> None:
        """Write what has been noted, as a part of the transaction of its cause."""
        if self._changed:
            changed = sorted(self._changed)
            liens.keep(tx, {lien: self.kept.get(lien, 0) for lien in changed}, self.world.now_s)
            self._changed.clear()

    def write_alone(self) -> None:
        """Write what has been noted of causes that are in no transaction: prices and what they make of a margin."""
        if self._changed:
            with self.world.database.transaction() as tx:
                self.write(tx)

    def free_units(self, client: str, venue: str, asset: str, but: Block) -> int:
        """What may leave a compartment for all reasons but one."""
        place = (f"client/{client}", venue, asset)
        kept = sum(self.kept.get((place, reason), 0) for reason in Block if reason not in (but, _HELD))
        return max(self.world.collateral(client, venue)[asset] - kept, 0)

    # -- settlement ------------------------------------------------------------------------------------------------

    def proposed(self, cycle: Cycle) -> None:
        """What every payer owes has to stay. The books hold it as well: a recall waits for the payment all the same."""
        for row in cycle.plan.obligations:
            if row.units < 0 and row.party != FUND:
                self._note(_place(cycle.venue, row.party, row.asset), Block.SETTLEMENT_PENDING, -row.units)

    def paid(self, cycle: Cycle) -> None:
        """What was owed is paid, but for what a debtor could not."""
        symbol = self.world.setting.settlement_asset
        for row in cycle.plan.obligations:
            if row.party != FUND:
                self._note(_place(cycle.venue, row.party, row.asset), Block.SETTLEMENT_PENDING, 0)
        for short in cycle.plan.shortfalls:
            owed = _place(cycle.venue, short.debtor, symbol), Block.OBLIGATION_UNPAID
            self._note(*owed, self.kept.get(owed, 0) + short.units)

    # -- margin ----------------------------------------------------------------------------------------------------

    def call_is_open(self, client: str, venue: str, is_open: bool = True) -> None:
        """All that stands in a compartment stays while a call is open: with what has come to it since."""
        for asset, units in self.world.collateral(client, venue).items():
            self._note(_place(venue, client, asset), Block.CALL_OPEN, units if is_open else 0)

    def follow(self, client: str, venue: str, spare_units: int) -> None:
        """See that margin's lien keeps enough of a client's collateral, and not far too much."""
        world, held = self.world, self.world.collateral(client, venue)
        worth = world.valued(held).collateral_units
        kept = {asset: min(self._kept(venue, client, asset), units) for asset, units in held.items()}
        freed, spare = worth - world.valued(kept).collateral_units, min(max(spare_units, 0), worth)
        slack = worth // SLACK
        if not max(spare - 2 * slack, 0) <= freed <= spare or (spare == worth and freed < worth):
            self._release(client, venue, spare if spare == worth else max(spare - slack, 0))

    def test(self, client: str, venue: str, asset: str) -> None:
        """Keep what initial margin needs at this moment, to the unit; `asset` is what is asked back, and gives first.

        In a transaction before that of the recall: whoever comes in between finds that more stays, never less.
        """
        self._release(client, venue, self.spare_units(client, venue), asset)
        self.write_alone()

    def _release(self, client: str, venue: str, spare_units: int, *first: str) -> None:
        held, world = self.world.collateral(client, venue), self.world
        free = plan_release(spare_units, held, world.setting.schedule, world.prices_e6, first)
        for asset, units in held.items():
            self._note(_place(venue, client, asset), Block.MARGIN_WOULD_BREACH, units - free.get(asset, 0))

    # -- one lien --------------------------------------------------------------------------------------------------

    def _kept(self, venue: str, client: str, asset: str) -> int:
        return self.kept.get((_place(venue, client, asset), Block.MARGIN_WOULD_BREACH), 0)

    def _note(self, place: Place, reason: Block, units: int) -> None:
        lien = place, reason
        if self.kept.get(lien, 0) != units:
            self.kept[lien] = units
            self._changed.add(lien)


_HELD = Block.SETTLEMENT_PENDING
"""What a settlement holds in the books is in no spendable balance any more."""


def _place(venue: str, party: str, asset: str) -> Place:
    """A client's compartment at a venue, or the venue's own."""
    return f"venue/{venue}" if party == HOUSE else f"client/{party}", venue, asset
