"""One desk put together: the engine that mirrors its venues, the cycles of each, what it hears of the chain, webhooks.

Who is at the desk and which keys it has is said from outside; nothing here reads a file or makes a key.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from custody.accounts import Chart
from custody.books import Books
from custody.delegation import Standing
from custody.signers import Signer
from settlement.abi import Artifact
from settlement.contracts import ALL, POSITIONS, SETTLEMENT
from settlement.cycle_record import CycleRecord, CycleTerms
from settlement.cycle_steps import Ground
from settlement.engine import stored
from settlement.engine.attestation_hearing import Attestations
from settlement.engine.chain_client import ChainClient
from settlement.engine.client_chain import ClientChain
from settlement.engine.consequences import Consequences
from settlement.engine.cycle_chain import CycleChain, Deployment
from settlement.engine.cycling import Cycles
from settlement.engine.deliverer import Deliverer
from settlement.engine.desk_parts import Addresses, NodeTerms, Venue
from settlement.engine.engine import Engine, Leading, Settings
from settlement.engine.expected import Expected
from settlement.engine.reopening import on_clients
from settlement.engine.roster import Roster
from settlement.engine.settler import Beside, Settler
from settlement.engine.stored import Outgoing
from settlement.netting import Terms
from settlement.reports import reporting_domain
from settlement.triggers import Thresholds


@dataclass(slots=True)
class Desk:
    """`operator` pays for batches, `payer` for what settles: a batch that is stuck holds up no payment; `custodian`
    signs cycles. `webhook_key`: from which endpoints' secrets are derived; without it nobody is told.
    """

    place: str
    node: NodeTerms
    contracts: Addresses
    venues: Sequence[Venue]
    terms: Terms
    operator: Signer
    payer: Signer
    custodian: Signer
    now_ms: Callable[[], int]
    name: str = "desk"
    thresholds: Thresholds = field(default_factory=Thresholds)
    cycle_terms: CycleTerms = field(default_factory=CycleTerms)
    on_state: Callable[[CycleRecord], None] = field(default=lambda _: None)
    on_confirmed: Callable[[Outgoing], None] = field(default=lambda _: None)
    webhook_key: bytes = field(default=b"", repr=False)
    cycles: dict[str, Cycles] = field(default_factory=dict)
    """By venue, of those that are settled now."""

    def now_s(self) -> int:
        return self.now_ms() // 1000

    def engine(self) -> Engine:
        """The engine, with everything else beside it as long as it leads. Raises RosterError."""
        book, listed = self.contracts.positions, self.contracts.listed
        roster = Roster.of([one.member for one in self.venues], listed)
        settings = Settings(self.place, reporting_domain(self.contracts.chain_id, book), roster, self.name)
        chain = ClientChain(lambda: self._opened(self.operator, {book: POSITIONS}), book, settings.limits.gas)
        signed = {one.feed.venue: one.signed for one in self.venues if one.signed is not None}
        return Engine(
            settings, [one.feed for one in self.venues], chain, self.now_ms, on_confirmed=self.on_confirmed,
            beside=self._beside, signed=signed,
        )  # fmt: skip

    async def _beside(self, led: Leading) -> None:
        async with asyncio.TaskGroup() as tasks:
            code = {self.contracts.settlement: SETTLEMENT}
            tasks.create_task(on_clients(lambda: self._opened(self.payer, code), lambda one: self._on_chain(led, one)))
            if self.webhook_key:
                tasks.create_task(self._deliver(led))

    async def _on_chain(self, led: Leading, client: ChainClient) -> None:
        database, at = led.writes.leadership.database, self.contracts
        deployed = Deployment(at.settlement, at.vault, at.token, at.settlement_domain, from_block=at.from_block)
        heard = Attestations(client, at.minter, database, self._fence(led), self.now_s)
        async with asyncio.TaskGroup() as tasks:
            for venue in self.venues:
                if venue.edge is not None:
                    self.cycles[venue.feed.venue] = cycles = Cycles(
                        led, self._settler(led, venue), CycleChain(client, deployed), venue.edge, self.custodian,
                        venue.seats, venue.instruments, self.terms, self.now_s, self.thresholds,
                        on_state=self.on_state,
                    )  # fmt: skip
                    tasks.create_task(cycles.run())
            tasks.create_task(heard.run())

    def _settler(self, led: Leading, venue: Venue) -> Settler:
        database, asset = led.writes.leadership.database, self.terms.settlement_asset
        books, chart = Books(database), Chart(asset)
        ground = Ground(Standing.SEGREGATED, {asset: chart}, self.cycle_terms)
        also = Consequences(books, venue.compartments(asset))
        return Settler(database, books, ground, asset, fence=self._fence(led), also=also.of)

    @staticmethod
    def _fence(led: Leading) -> Beside:
        epoch = led.writes.leadership.epoch
        return lambda tx: stored.require_epoch(tx, epoch)

    async def _deliver(self, led: Leading) -> None:
        async with Deliverer(led.writes.leadership.database, self.webhook_key, self.now_s) as deliverer:
            await deliverer.run()

    def _opened(self, signer: Signer, code: Mapping[str, Artifact | None]) -> AbstractAsyncContextManager[ChainClient]:
        return ChainClient.open(
            self.node.url, signer, ALL, policy=self.node.policy, depth=self.node.depth,
            expect=Expected(self.contracts.chain_id, code), poll_s=self.node.poll_s,
        )  # fmt: skip
