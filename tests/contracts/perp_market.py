"""A chain with a book, a feed and a margin contract, and the same world in the engine's terms: both are asked alike."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from eth_utils.crypto import keccak

from margin.feeds import Said, price
from margin.fixed import ZERO, Fixed, from_units
from margin.marks import Market, MissingMarkError
from margin.positions import Holdings
from margin.result import Margin
from margin.standard import standard_margin
from margin.standard_parameters import Depeg, MissingParameterError, StandardMarket, StandardParameters
from settlement.batch import Change, MirrorBatch
from settlement.batch import Mark as Marked
from settlement.chain import Chain
from settlement.contracts import ALL, POSITIONS, Contracts, MarkTerms, Plan
from settlement.deployment import deploy
from settlement.devnet import Anvil
from settlement.keys import signer_of
from settlement.node import ChainError, Node
from settlement.perp_margin import PERP_MARGIN, PerpMargin
from settlement.signed_marks import Mark, MarkBatch

GENESIS_S = 1_769_000_000
HEARTBEAT_S = 3_600
STABLE = 1_000
WORDS = (
    (r"no mark \(instrument (\d+)\)", lambda n: f"no value of {n}"),
    (r"stale mark \(instrument (\d+), asOf (\d+), heartbeat (\d+), timestamp (\d+)\)",
     lambda n, as_of_s, limit_s, now_s: f"{n} is {int(now_s) - int(as_of_s)} s old, at most {limit_s} s are allowed"),
    (r"no terms \(instrument (\d+), lots -?\d+\)", lambda n: f"no parameters of {n}"),
)  # fmt: skip
"""What the chain says and what the engine says for the same: name and numbers."""


@dataclass
class World:
    """One deployment, and what the engine is to know of it. `holdings` are of whoever is asked about, in lots."""

    contracts: Contracts
    margin: PerpMargin
    lot_sizes_e18: dict[int, int]
    depeg: Depeg
    terms: dict[int, tuple[int, StandardMarket]] = field(default_factory=dict)
    named: list[int] = field(default_factory=list)
    said: dict[int, Said] = field(default_factory=dict)
    accounts: int = 0

    # -- both are told ------------------------------------------------------------------------------------------------

    def set_terms(self, instrument: int, spot: int, market: StandardMarket) -> None:
        self.margin.set_terms(instrument, spot, market)
        self.terms[instrument] = spot, market
        self._name(instrument)

    def refuse(self, instrument: int) -> None:
        self.margin.refuse(instrument)
        self.terms.pop(instrument, None)
        self._name(instrument)

    def set_depeg(self, depeg: Depeg) -> None:
        self.margin.set_depeg(STABLE, depeg)
        self.depeg = depeg

    def publish(self, marks: Mapping[int, Mark], age_s: int = 0) -> None:
        """In a new block, marks that were so old by then."""
        as_of_s = self.contracts.chain.node.next_block_time() - age_s
        batch = MarkBatch(1, as_of_s, tuple(marks.values()))
        call = self.contracts.marking(batch, batch.digest(self.contracts.marks_domain))
        self.contracts.chain.send(call.to, call.data, call.purpose)
        for number, mark in marks.items():
            self.said[number] = Said(from_units(mark.price_e6, 6), from_units(mark.confidence_e6, 6), as_of_s)

    def trade(self, lots: Mapping[int, int]) -> str:
        """A new account with these positions; two others, so that the least int64 too has somebody to hold against."""
        self.accounts += 1
        client, *others = ("0x" + keccak(text=f"{self.accounts}/{who}")[:20].hex() for who in range(3))
        changes = {}
        for number, held in lots.items():
            parts = held, -(held // 2), -(held - held // 2)
            changes |= {(number, who): Change(part, 0) for who, part in zip((client, *others), parts, strict=True)}
        sequence, head = self.contracts.head()
        batch = MirrorBatch.of(sequence + 1, head, GENESIS_S, {number: Marked(1) for number in lots}, changes)
        call = self.contracts.mirroring(batch)
        self.contracts.chain.send(call.to, call.data, call.purpose)
        return client

    # -- both are asked -----------------------------------------------------------------------------------------------

    def holdings(self, lots: Mapping[int, int]) -> dict[str, Holdings]:
        """As the engine holds them, in the order in which instruments were named; unsettled is the worth at mark."""
        found = {}
        for number in self.named:
            if held := lots.get(number, 0):
                size, said = Fixed(held * self.lot_sizes_e18[number]), self.said.get(number)
                found[str(number)] = Holdings(perp=size, perp_unsettled=size * (said.value if said else ZERO))
        return found

    def engine(self, lots: Mapping[int, int], cash: Fixed) -> Margin | str:
        """Net margins, or why there are none."""
        markets = {str(number): market for number, (_, market) in self.terms.items()}
        now_s = self.contracts.chain.node.block_time()
        try:
            stable = price(str(STABLE), self.said.get(STABLE), now_s, HEARTBEAT_S).price
            parameters = StandardParameters(self.depeg, markets)
            return standard_margin(parameters, stable, _Feeds(self, now_s), cash, self.holdings(lots)).margin
        except (MissingMarkError, MissingParameterError) as why:
            return str(why)

    def chain(self, account: str, cash: Fixed, head: bytes | None = None) -> Margin | str:
        """The contract's, a refusal in the engine's words where it has some."""
        try:
            return self.margin.margin_of(account, self.contracts.head()[1] if head is None else head, cash)
        except ChainError as why:
            return in_the_engines_words(str(why).removeprefix("PerpMargin.marginOf: "))

    def _name(self, instrument: int) -> None:
        if instrument not in self.named:
            self.named.append(instrument)


class _Feeds(Mapping[str, Market]):
    """Feeds that are read when the engine comes to them, so that the first at fault is its own finding."""

    def __init__(self, world: World, now_s: int) -> None:
        self._world, self._now_s = world, now_s

    def __getitem__(self, name: str) -> Market:
        spot, said = self._world.terms[int(name)][0], self._world.said
        return Market(*(price(str(one), said.get(one), self._now_s, HEARTBEAT_S) for one in (spot, int(name))))

    def __iter__(self) -> Iterator[str]:
        return map(str, self._world.terms)

    def __len__(self) -> int:
        return len(self._world.terms)


def in_the_engines_words(told: str) -> str:
    for pattern, words in WORDS:
        if found := re.fullmatch(pattern, told):
            return words(*found.groups())
    return told


@contextmanager
def a_world(lot_sizes_e18: Mapping[int, int], depeg: Depeg) -> Iterator[World]:
    """A book that lists perpetuals of these lot sizes (from 1 on); nothing has terms or a mark."""
    with Anvil(genesis_s=GENESIS_S) as anvil, Node.of_anvil(anvil) as node:
        operator = signer_of("operator")
        node.rpc("anvil_setBalance", operator.address, hex(10**24))
        marks = replace(MarkTerms.for_demonstration(), heartbeat_s=HEARTBEAT_S)
        contracts = deploy(node, operator, Plan((), {}, operator, 300, marks=marks))
        contracts.chain.artifacts = (*ALL, PERP_MARGIN)
        for number, lot_size_e18 in sorted(lot_sizes_e18.items()):
            list_perpetual(contracts.chain, contracts.positions, number, lot_size_e18)
        yield World(contracts, PerpMargin.deployed(contracts, STABLE, depeg), dict(lot_sizes_e18), depeg)


def list_perpetual(chain: Chain, book: str, number: int, lot_size_e18: int) -> None:
    chain.send(book, POSITIONS.call("listInstrument", f"0x{number:040x}", 0, lot_size_e18), "deployment")
