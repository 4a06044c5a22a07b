"""At each settlement the custodian publishes, and signs, that every compartment covers what its venue mirrors.

A cycle that is final is paid in the books and on chain. What the books say then stands in a client's compartment, after
haircuts, is set against the claims in it on chain: they are the mirrored balance, what the venue sees and lets the
client trade on. Both count for what collateral counts for at that moment (`World.valued`). The root over a venue's
compartments names the one of the cycle before by digest, and every client's proof follows from it.

Of a pool nothing of the kind can be shown. The chain holds one omnibus compartment for all clients of a venue, and what
each of them has is a claim that stands in the venue's book alone: a sum that is covered says nothing of anybody's part
in it, and a client had nothing to hold its leaf against. So nothing is published.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eth_utils.crypto import keccak

from custody.compartments import CompartmentsError, CycleTree
from custody.covering import Compartment, Compartments, Covering, SignedCompartments
from custody.delegation import Standing
from custody.journal import Head
from custody.publications import GENESIS, Where, admit
from custody.signatures import Address, Hash
from settlement.claims import Place, claims_in
from settlement.cycle import Cycle
from settlement.desk.auditing import InvariantError
from settlement.desk.world import DeskError, World
from settlement.keys import signer_of

ASSET, SCALE = "USD", 6

Held = Mapping[tuple[str, str], Mapping[str, int]]
"""Ledger units by asset, of a client at a venue."""


@dataclass(frozen=True, slots=True)
class Edition:
    """What was published of one venue at one cycle, and the tree from which each client's proof follows."""

    tree: CycleTree
    signed: SignedCompartments

    @property
    def clients(self) -> tuple[str, ...]:
        """Those who have a compartment in it."""
        return tuple(one.client for one in self.tree.compartments)

    def proof(self, client: str) -> Covering:
        """A client's proof; KeyError for a client without a compartment."""
        return self.tree.proof(client, self.signed)


@dataclass(slots=True)
class CoveringRoom:
    """Publishes the compartments of settled cycles; it writes to neither books nor chain.

    `seed` is what the salts follow from, so that a demonstration repeats to the byte: whoever knows it can undo the
    salts of every leaf. A real custodian draws 32 bytes that nobody else has, and keeps them.
    `editions` are each venue's last; `published` counts cycles, `proven` the compartments in them.
    """

    world: World
    seed: int = 0
    editions: dict[str, Edition] = field(default_factory=dict)
    published: int = 0
    proven: int = 0

    @property
    def where(self) -> Where:
        """Where the signatures are good: for the vault whose compartments they speak of."""
        contracts = self.world.contracts
        return Where(contracts.chain.node.chain_id, Address(contracts.vault))

    def publish(self, settled: Sequence[Cycle]) -> None:
        """Publish the compartments of these cycles' venues; they are paid, and nothing has happened since.

        InvariantError, naming who lacks how much, where a compartment is not covered.
        """
        if self.world.standing is not Standing.SEGREGATED:
            return
        held, head = self._in_the_books()
        venues = {cycle.venue for cycle in settled}
        mirrored = self._on_chain([(client, venue) for client, venue in held if venue in venues])
        for cycle in settled:
            if compartments := self._compartments(cycle, held, mirrored):
                self.editions[cycle.venue] = self._edition(compartments, head)
                self.published += 1
                self.proven += len(compartments)

    def _in_the_books(self) -> tuple[Held, Head]:
        """What stands in every client's compartments, held or not, and where the journal ends then."""
        world = self.world
        with world.database.snapshot() as reader:
            totals, head = world.books.all_totals(reader), world.books.head(reader)
        held: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for account, counters in totals.items():
            match account.split("/"):
                case [asset, "client", client, "delegated", venue]:
                    held[client, venue][asset] = counters.balance
        return held, head

    def _on_chain(self, compartments: Sequence[tuple[str, str]]) -> Held:
        """The claims in these compartments, in every eligible asset, at one block."""
        world = self.world
        assets = [eligible.asset for eligible in world.setting.schedule.values()]
        asked = [
            Place(world.holder_address(client, venue), world.venue_address(venue), asset)
            for client, venue in compartments for asset in assets
        ]  # fmt: skip
        found = iter(claims_in(world.contracts, asked))
        return {compartment: {asset.symbol: next(found) for asset in assets} for compartment in compartments}

    def _compartments(self, cycle: Cycle, held: Held, mirrored: Held) -> list[Compartment]:
        """The venue's compartments; where neither books nor chain have anything, a client has none."""
        valued = self.world.valued
        return [
            Compartment(
                client, venue, cycle.sequence, valued(held[client, venue]).collateral_units,
                valued(claims).collateral_units,
            )
            for (client, venue), claims in mirrored.items()
            if venue == cycle.venue and any((*claims.values(), *held[client, venue].values()))
        ]  # fmt: skip

    def _edition(self, compartments: Sequence[Compartment], head: Head) -> Edition:
        """The tree over them, and its signed root in the venue's chain of publications."""
        world = self.world
        try:
            tree = CycleTree(compartments, keccak(text=f"salts of a demonstration with seed {self.seed}"))
        except CompartmentsError as why:
            at = f"{world.standing.value} desk at {world.now_s}"
            raise InvariantError(f"{at}: must hold, but does not:\n  {why}") from why
        last = self.editions.get(tree.venue)
        statement = Compartments(
            ASSET, SCALE, tree.venue, tree.cycle, Hash(tree.root.hash), tree.root.units, len(compartments),
            head.position, Hash(head.digest), world.now_s,
            sequence=last.signed.statement.sequence + 1 if last else 1,
            previous_digest=last.signed.digest() if last else GENESIS,
        )  # fmt: skip
        before = last.signed.statement if last else None
        if refusal := admit(before, statement, self.where, world.now_s, longest_age_s=0):
            raise DeskError(f"the compartments of {tree.venue} at cycle {tree.cycle} cannot be published: {refusal}")
        return Edition(tree, SignedCompartments.by(signer_of("custodian"), statement, self.where))
