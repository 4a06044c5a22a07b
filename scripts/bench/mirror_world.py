"""What the mirror's benchmark runs on: a venue's market from a seed, a node with the book, a feed that has all."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from custody.typed_data import Domain
from margin.instruments import Instrument, Kind
from settlement.contracts import Contracts, Plan
from settlement.deployment import deploy
from settlement.devnet import Anvil
from settlement.engine.roster import Member, Roster
from settlement.keys import signer_of
from settlement.node import Node
from settlement.reports import ENTRY, Entries, EntryKind, Report, reporting_domain

GENESIS_S = 1_769_000_000
VENUE = "harbour"
BLOCK_GAS = 1_000_000_000
"""Blocks are as large as they come: what a block may hold is a chain's policy, not the node's speed."""
INSTRUMENTS = tuple(
    Instrument(number, VENUE, f"C{number}-PERP", Kind.PERP, f"C{number}", 1_000, 10_000) for number in range(1, 8)
)


@dataclass(frozen=True, slots=True)
class World:
    """A fresh node with a fresh book; every one is like the other, so batches have the same digests on each."""

    node: Node
    url: str
    contracts: Contracts

    @property
    def domain(self) -> Domain:
        return reporting_domain(self.node.chain_id, self.contracts.positions)


@contextmanager
def world() -> Iterator[World]:
    """A node of its own, gone at the end."""
    with Anvil(genesis_s=GENESIS_S) as anvil, Node.of_anvil(anvil) as node:
        operator = signer_of("operator")
        node.rpc("anvil_setBalance", operator.address, hex(10**30))
        node.rpc("evm_setBlockGasLimit", hex(BLOCK_GAS))
        venues = {VENUE: signer_of(f"venue/{VENUE}")}
        contracts = deploy(node, operator, Plan((), venues, signer_of("custodian"), 300, INSTRUMENTS))
        yield World(node, anvil.url, contracts)


def roster(accounts: int, listed: dict[int, int]) -> Roster:
    """So many parties, the house first. Addresses are drawn: deriving them from keys takes longer."""
    drawn = np.random.default_rng(accounts).integers(0, 256, (accounts, 20), np.uint8)
    names = tuple("0x" + address.tobytes().hex() for address in drawn)
    return Roster.of([Member(VENUE, signer_of(f"venue/{VENUE}").address, names, INSTRUMENTS)], listed)


def fills(count: int, accounts: int, *seed: int) -> Entries:
    """Fills between clients, each of two different ones; the house trades nothing."""
    draw = np.random.default_rng(seed)
    made = np.zeros(count, ENTRY)
    made["kind"], made["occurred_at_ms"] = EntryKind.FILL, 1000 * GENESIS_S
    made["instrument"] = draw.integers(1, len(INSTRUMENTS) + 1, count)
    made["buyer"] = draw.integers(1, accounts, count)
    made["seller"] = (made["buyer"] - 1 + draw.integers(1, accounts - 1, count)) % (accounts - 1) + 1
    made["lots"], made["price_e6"] = draw.integers(1, 100_000, count), draw.integers(1, 10**7, count) * 10_000
    return made


def reports(many: int, size: int, accounts: int, seed: int, domain: Domain) -> Iterator[Report]:
    """So many fills in reports that the venue has signed; made as they are asked for."""
    signer = signer_of(f"venue/{VENUE}")
    for start in range(0, many, size):
        entries = fills(min(size, many - start), accounts, seed, start)
        yield Report(VENUE, start + 1, entries.tobytes()).signed(domain, signer)


class Ahead:
    """A feed that has everything at once, or a report every `pace_s`, and notes when each was taken from it."""

    venue = VENUE

    def __init__(self, said: Iterable[Report], pace_s: float) -> None:
        self._said, self._pace_s = said, pace_s
        self.taken_at_s: dict[int, float] = {}
        """By a report's last number."""

    async def listen(self, after: int) -> AsyncIterator[Report]:
        for report in self._said:
            if self._pace_s:
                await asyncio.sleep(self._pace_s)
            self.taken_at_s[report.last] = time.perf_counter()
            yield report
        await asyncio.Event().wait()

    async def fetch(self, first: int, last: int) -> Sequence[Report]:
        raise RuntimeError(f"nothing is missing, but {first} to {last} are asked for")
