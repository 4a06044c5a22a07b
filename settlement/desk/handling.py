"""One step of each: what the journal has taken meanwhile, claims out of a compartment, claims into one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from custody.delegation import Standing
from settlement.desk.world import World
from settlement.keys import holder_of
from settlement.postings import OMNIBUS
from settlement.reserve_attestation import MintRefusal

CONSENT_S = 3_600
"""How long a holder's signature on a release stays good."""


@dataclass(slots=True)
class Postings:
    """What was written to the journal: the first and last position, once it is done."""

    before: int
    last: int = 0

    @property
    def span(self) -> tuple[int, int]:
        return self.before + 1, self.last


@dataclass(frozen=True, slots=True)
class Handling:
    """The desk's hands on the books and the chain; they ask no rule."""

    world: World

    @contextmanager
    def written(self) -> Iterator[Postings]:
        """The journal positions that are written meanwhile; what was read of the accounts before is read again."""
        books = self.world.books
        postings = Postings(books.head().position)
        yield postings
        postings.last = books.head().position
        self.world.forget()

    def release(self, client: str, venue: str, symbol: str, units: int) -> str:
        """Claims leave a compartment with its holder's signature, and are burned; the transaction's hash."""
        world = self.world
        holder = holder_of(client if world.standing is Standing.SEGREGATED else OMNIBUS, venue)
        asset, deadline_s = world.setting.schedule[symbol].asset, world.now_s + CONSENT_S
        return world.contracts.release(asset, holder, world.venue_address(venue), units, deadline_s).tx_hash

    def credit(self, party: str, venue: str, symbol: str, units: int) -> str:
        """Claims are minted into a compartment; the transaction's hash."""
        world = self.world
        asset = world.setting.schedule[symbol].asset
        holder, at = world.holder_address(party, venue), world.venue_address(venue)
        return world.contracts.credit(asset, holder, at, units, world.reserves(symbol)).tx_hash

    def refuses(self, symbol: str, units: int) -> MintRefusal | None:
        """Why the custodian would have no claims minted for so many ledger units more; None if it would."""
        asset = self.world.setting.schedule[symbol].asset
        return self.world.contracts.refuses(asset, units, self.world.reserves(symbol))
