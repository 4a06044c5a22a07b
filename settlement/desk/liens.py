"""What has to stay in compartments: each lien is written in the transaction of what causes it, and of what ends it.

    settlement_pending   what each payer owes of an asset, from a cycle's proposal until it is paid
    call_open            all that stands in a compartment while its call is open
    margin_would_breach  what initial margin needs, while anything is open or owed (`margin_liens.py`)
    obligation_unpaid    what a debtor could not pay: it stays owed, and what comes to that compartment stays for it

They add up: what a settlement holds in the books, margin does not count any more.
"""

from dataclasses import dataclass, field

from sqlalchemy import Connection

from custody import liens
from custody.liens import Place
from custody.movements import Block
from settlement.cycle import Cycle
from settlement.desk.world import World
from settlement.mirror import FUND, HOUSE


@dataclass(slots=True)
class LienRoom:
    """The liens of one desk: `kept` units by compartment and reason. What is noted is written with the next `write`."""

    world: World
    kept: dict[tuple[Place, Block], int] = field(default_factory=dict)
    _changed: set[tuple[Place, Block]] = field(default_factory=set)
    _on_record: dict[tuple[Place, Block], int] = field(default_factory=dict)
    _pending: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)

    def note(self, party: str, venue: str, asset: str, reason: Block, units: int) -> None:
        """Have ledger units stay in the compartment of a client or of the venue's own; 0 frees."""
        lien = _place(party, venue, asset), reason
        if self.kept.get(lien, 0) != units:
            self.kept[lien] = units
            self._changed.add(lien)

    def write(self, tx: Connection) -> None:
        """Write what has been noted and is new, as a part of its cause's transaction."""
        if self._changed:
            changed = {lien: self.kept[lien] for lien in sorted(self._changed)}
            liens.keep(tx, changed, self.world.now_s)
            self._on_record |= changed
            self._changed.clear()

    def write_alone(self) -> None:
        """Write what has been noted of a cause that is in no transaction: a price, and the margin that follows."""
        if self._changed:
            with self.world.database.transaction() as tx:
                self.write(tx)

    def write_tighter(self) -> None:
        """The same where more has to stay than is on record, or nothing any more; what keeps less waits for a cause.

        Until then too much is kept, and nobody notices: whoever asks for something back is tested first, to the unit.
        """
        for lien in self._changed:
            units, on_record = self.kept[lien], self._on_record.get(lien, 0)
            if units > on_record or (on_record and not units):
                self.write_alone()
                return

    def proposed(self, cycle: Cycle) -> None:
        """What every payer owes has to stay. The books hold it too; with a lien, a recall of it waits for the end."""
        self._pending[cycle.venue] = owed = {}
        for row in cycle.plan.obligations:
            if row.units < 0 and row.party != FUND:
                owed[row.party, row.asset] = -row.units
                self.note(row.party, cycle.venue, row.asset, Block.SETTLEMENT_PENDING, -row.units)

    def asked_back(self, client: str, venue: str) -> None:
        """While a cycle is pending the vault releases nothing at its venue: what is asked back then waits whole."""
        owed = self._pending.get(venue)
        if owed is not None:
            for asset, units in self.world.collateral(client, venue).items():
                self.note(client, venue, asset, Block.SETTLEMENT_PENDING, units + owed.get((client, asset), 0))
            self.write_alone()

    def paid(self, cycle: Cycle) -> None:
        """What was owed is paid, but for what a debtor could not."""
        self._pending.pop(cycle.venue, None)
        for lien in self.kept:
            if lien[0][1] == cycle.venue and lien[1] is Block.SETTLEMENT_PENDING and self.kept[lien]:
                self.kept[lien] = 0
                self._changed.add(lien)
        symbol = self.world.setting.settlement_asset
        for short in cycle.plan.shortfalls:
            self.owes(short.debtor, cycle.venue, symbol, short.units)

    def owes(self, party: str, venue: str, asset: str, units: int) -> None:
        """A debtor owes so much more: what comes to its compartment stays for it."""
        before = self.kept_units(party, venue, asset, Block.OBLIGATION_UNPAID)
        self.note(party, venue, asset, Block.OBLIGATION_UNPAID, before + units)

    def call_is_open(self, client: str, venue: str, is_open: bool = True) -> None:
        """All that stands in a compartment stays while a call is open, with what has come to it since."""
        for asset, units in self.world.collateral(client, venue).items():
            self.note(client, venue, asset, Block.CALL_OPEN, units if is_open else 0)

    def kept_units(self, party: str, venue: str, asset: str, reason: Block) -> int:
        """What has to stay in a compartment for a reason, in ledger units."""
        return self.kept.get((_place(party, venue, asset), reason), 0)


def _place(party: str, venue: str, asset: str) -> Place:
    return f"venue/{venue}" if party == HOUSE else f"client/{party}", venue, asset
