"""What the custodian has on record: it only reads, each answer from one moment, also beside a writer."""

from sqlalchemy import select

from custody import custodian_store as store
from custody import liens
from custody.answers import Agreement
from custody.books import Books
from custody.coverage import Coverage
from custody.custodian_audit import faults_of
from custody.custodian_facts import compartment_units, coverage_of
from custody.custodian_store import PAGE, Listed, MovementQuery, Told
from custody.custodian_tables import MOVEMENT
from custody.database import Database
from custody.intents import Intent
from custody.liens import Halt, Lien
from custody.movements import Block, Movement
from custody.states import Lifecycle

_ALL = MovementQuery()


class Register:
    """The custodian's record in a database with the ledger's and the custodian's tables."""

    def __init__(self, database: Database, agreement: Agreement) -> None:
        self._database = database
        self._agreement = agreement

    def movement(self, movement_id: str) -> Movement | None:
        """The movement of this id as it stands."""
        with self._database.snapshot() as reader:
            return store.find(reader, movement_id)

    def movements(self, query: MovementQuery = _ALL, after: int = 0, limit: int = PAGE) -> list[Listed]:
        """Up to `limit` movements that answer the query, begun behind the one with number `after`."""
        with self._database.snapshot() as reader:
            return store.movements(reader, query, after, limit)

    def events(self, movement_id: str = "", after: int = 0, limit: int = PAGE) -> list[Told]:
        """Up to `limit` events behind position `after`, in the order in which they were written; "" for all.

        Whoever keeps the last position and asks again misses nothing and hears nothing twice.
        """
        with self._database.snapshot() as reader:
            return store.events(reader, movement_id, after, limit)

    def coverage(self, party: str, asset: str) -> Coverage:
        """What a party has free and delegated, in ledger units, and how much more may be delegated or withdrawn."""
        with self._database.snapshot() as reader:
            return coverage_of(reader, party, asset, self._agreement.schedule)

    def kept_units(self, party: str, venue: str, asset: str) -> dict[Block, int]:
        """What has to stay in a compartment, in ledger units, by reason."""
        with self._database.snapshot() as reader:
            return liens.kept_units(reader, party, venue, asset)

    def liens(self, party: str = "", venue: str = "") -> list[Lien]:
        """Every lien on a party's compartments and at a venue; "" for all of them."""
        with self._database.snapshot() as reader:
            return liens.liens(reader, party, venue)

    def halts(self) -> list[Halt]:
        """The venues that take nothing."""
        with self._database.snapshot() as reader:
            return liens.halts(reader)

    def recallable_units(self, party: str, venue: str, asset: str) -> int:
        """What could be recalled from a compartment now, in ledger units: what is in it less what has to stay."""
        intent = Intent(Lifecycle.RECALL, party, asset, 1, venue, standing=self._agreement.standing)
        with self._database.snapshot() as reader:
            kept = liens.kept_units(reader, party, venue, asset)
            return max(compartment_units(reader, intent) - sum(kept.values()), 0)

    def verify(self) -> list[str]:
        """Walk every movement's events along its table, and compare where they lead with its row and with the ledger.

        One sentence for each that contradicts itself; none for a sound record. It asks the ledger about every movement
        there ever was, so it is for a day's end: what each act writes is checked as it is written.
        """
        books = Books(self._database)
        with self._database.snapshot() as reader:
            names = list(reader.scalars(select(MOVEMENT.c.id).order_by(MOVEMENT.c.number)))
            return [f"movement {name}: {fault}" for name in names for fault in faults_of(reader, books, name)]
