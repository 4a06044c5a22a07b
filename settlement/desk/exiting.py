"""Clients who leave alone: the desk sees on chain that they ask, that they have left, and that their claims are back.

    asked      what stands in the compartment backs nothing new: the margin test does without it, and calls for the rest
    left       the custodian is told, as of a deposit; it is held in the books, whatever lien or halt there is
    redeemed   the claims lie at the redemption address: they are burned, and what was delegated is available again

Nobody decides anything here. An exit is redeemed whole; until its holder has sent all of it, none of it is available,
for what is still a claim in its hand would be there twice.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from eth_utils.crypto import keccak

from custody.answers import Answer
from custody.delegation import Standing
from custody.speaking import CHAIN
from custody.states import Act, State
from settlement.desk.handling import Handling
from settlement.desk.instructing import Instructing
from settlement.desk.world import DeskError, World
from settlement.keys import signer_of
from settlement.vault_events import Kind, VaultEvent, leaving_since

LOOKED_AT_EVERY_S = 3_600
"""How often the desk looks; a time-out is days."""

_TX_DIGITS = slice(2, 42)


@dataclass(frozen=True, slots=True)
class Exit:
    """A compartment that was left, with ledger units in it. `id` and `tx_hash` are the fact's."""

    id: str
    client: str
    venue: str
    asset: str
    units: int
    tx_hash: str


@dataclass(slots=True)
class ExitRoom:
    """Follows exits; it begins none and can stop none. Of a pool there are none: on chain no client has a compartment.

    `asked`: from when on each compartment may be left, in chain time, by client and venue, then asset.
    """

    world: World
    instructing: Instructing
    hands: Handling
    asked: dict[tuple[str, str], dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    _left: list[Exit] = field(default_factory=list)
    _unredeemed: list[Exit] = field(default_factory=list)
    _sent_units: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    _next_block: int = 0
    _looked_at_s: int = 0

    def look(self) -> None:
        """Follow what has happened on chain since the last look, whenever that was; the same twice is once."""
        world = self.world
        if world.standing is not Standing.SEGREGATED:
            return
        self._looked_at_s, node = world.now_s, world.contracts.chain.node
        first, self._next_block = self._next_block, int(node.rpc("eth_blockNumber"), 16) + 1
        if first < self._next_block:
            names = self._names()
            for event in leaving_since(node, world.contracts.vault, first):
                if event.holder in names:
                    self._hear(event, names)
        self._left = [left for left in self._left if not self._on_record(left)]
        self._unredeemed = [left for left in self._unredeemed if not self._redeemed(left)]

    def look_if_due(self) -> None:
        """The same, an hour after the last time."""
        if self.world.now_s >= self._looked_at_s + LOOKED_AT_EVERY_S:
            self.look()

    def staying(self, client: str, venue: str, held: Mapping[str, int]) -> dict[str, int]:
        """Of what is held at a venue, what its client has not asked to leave with: ledger units by asset."""
        asked = self.asked.get((client, venue), {})
        return {asset: 0 if asset in asked else units for asset, units in held.items()}

    def _names(self) -> dict[str, str]:
        clients = (party for party in self.instructing.admitted if party.startswith("client/"))
        return {signer_of(party).address: party.removeprefix("client/") for party in clients}

    def _hear(self, event: VaultEvent, names: Mapping[str, str]) -> None:
        contracts, client = self.world.contracts, names[event.holder]
        symbol = next(symbol for symbol, token in contracts.tokens.items() if token == event.token)
        asset = self.world.setting.schedule[symbol].asset
        if event.kind is Kind.FREE_WITHDRAWN:
            if event.to == contracts.minter:
                self._sent_units[client, symbol] += asset.from_chain(event.amount)
            return
        venue = next(name for name, signer in contracts.plan.venues.items() if signer.address == event.venue)
        asked = self.asked[client, venue]
        if event.kind is Kind.EXIT_REQUESTED:
            asked[symbol] = event.amount
            self.world.tell("exit_requested", client, venue, tx_hash=event.tx_hash, asset=symbol, ready_s=event.amount)
            return
        asked.pop(symbol, None)
        if event.kind is Kind.EXIT_CANCELLED:
            self.world.tell("exit_cancelled", client, venue, tx_hash=event.tx_hash, asset=symbol)
            return
        name = f"exit/{event.tx_hash[_TX_DIGITS]}/{event.index}"
        units = asset.from_chain(event.amount)
        self._left.append(Exit(name, client, venue, symbol, units, event.tx_hash))

    def _on_record(self, left: Exit) -> bool:
        """Whether the custodian has it on record; what a settlement still holds in the books is there after it."""
        with self.hands.written() as postings:
            answer = self.instructing.custodian.observe_exit(
                left.id, f"client/{left.client}", left.venue, left.asset, left.units, left.tx_hash, self.world.now_s
            )
        if not answer.ok:
            return self._must_wait(left, answer)
        if answer.movement is not None and answer.movement.state is State.RELEASED:
            self._sent_units[left.client, left.asset] -= left.units  # by another desk, before this one began
            return True
        self._unredeemed.append(left)
        if not answer.repeated:
            self.world.tell(
                "exited", left.client, left.venue, postings=postings.span, tx_hash=left.tx_hash,
                asset=left.asset, units=left.units,
            )  # fmt: skip
        return True

    def _must_wait(self, left: Exit, answer: Answer) -> bool:
        if not answer.retry_may_succeed:
            raise DeskError(f"the custodian refused {left.id} of {left.client}: {answer.refusal} {answer.detail}")
        return False

    def _redeemed(self, left: Exit) -> bool:
        """Burn what lies at the redemption address in this exit's name, and post it; False where not all of it does."""
        key = left.client, left.asset
        if self._sent_units[key] < left.units:
            return False
        self._sent_units[key] -= left.units
        asset = self.world.setting.schedule[left.asset].asset
        with self.hands.written() as postings:
            tx_hash = self.world.contracts.redeem(asset, left.units, keccak(text=left.id)).tx_hash
            self.instructing.tell(left.id, Act.CONFIRM, CHAIN, tx_hash)
        self.world.tell(
            "exit_redeemed", left.client, left.venue, postings=postings.span, tx_hash=tx_hash,
            asset=left.asset, units=left.units,
        )  # fmt: skip
        return True
