"""What a mirrored position costs: whole transactions on a node, marginal in a batch of 256, marks and cash included.

Clustered is 64 accounts with four instruments of one page each, scattered 256 accounts with one instrument. Lots and
cash have the size of a desk's: some tens of thousands of lots, some millions of dollars in 1e-6, half of them negative,
whose leading bytes are dear. The worst case has no zero byte anywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from eth_utils.crypto import keccak

from settlement.batch import Change, Mark, MirrorBatch
from settlement.contracts import Contracts
from settlement.node import Node

Measure = tuple[str, int, str]
"""Name, gas, and what it is of."""

POSITIONS = 256
FIRST = 4
"""The first instrument of page 1: whoever deploys lists at least seven."""

LOTS, CASH_UNITS, DIRTY = 25_000, 1_750_000 * 10**6, 0x1122_3344_5566_7788
MARK = Mark(70_000 * 10**6, -20_000)


@dataclass(slots=True)
class _Book:
    """The chain of batches on one deployment; everything that is measured is sent through it."""

    contracts: Contracts
    sequence: int = 0
    digest: bytes = b""
    seen: int = 0
    _empty: dict[bool, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sequence, self.digest = self.contracts.head()

    def send(self, marks: dict[int, Mark], changes: dict[tuple[int, str], Change]) -> int:
        """Mirror a batch; the gas of the transaction."""
        batch = MirrorBatch.of(self.sequence + 1, self.digest, 1_769_000_000, marks, changes)
        call = self.contracts.mirroring(batch)
        gas = self.contracts.chain.send(call.to, call.data, call.purpose).gas_used
        self.sequence, self.digest = batch.sequence, batch.digest()
        return gas

    def fresh_accounts(self, number: int) -> Iterator[str]:
        """Accounts that nobody has seen, with the addresses' share of zero bytes that hashes have."""
        for _ in range(number):
            self.seen += 1
            yield "0x" + keccak(self.seen.to_bytes(4, "big"))[:20].hex()


def measures(node: Node, contracts: Contracts) -> list[Measure]:
    """Gas of each measure: (a batch of 256 positions - an empty batch) / 256, rounded up.

    The node mines what it is sent; `contracts` list at least instruments 4 to 7 under these numbers. Raises ChainError.
    """
    del node  # the sender of the contracts knows it
    book = _Book(contracts)
    book.send({}, {})  # the first batch pays for the head's slots
    empty = book.send({}, {})

    def marginal(gas: int) -> int:
        return -(-(gas - empty) // POSITIONS)

    found = []
    for shape, accounts, lanes in (("position", 64, 4), ("scattered", 256, 1)):
        usual = list(book.fresh_accounts(accounts))
        for state in ("new", "update"):
            gas = book.send(*_batch(usual, lanes, LOTS, CASH_UNITS, MARK))
            found.append((f"{shape}_{state}", marginal(gas), f"{accounts} accounts × {lanes}, {gas:,} gas in all"))
        worst = list(book.fresh_accounts(accounts))
        for state in ("new", "update"):
            gas = book.send(*_batch(worst, lanes, DIRTY, DIRTY, Mark(DIRTY, DIRTY)))
            found.append((f"{shape}_{state}_worst", marginal(gas), "no zero byte in lots, cash and marks"))
    return found


def _batch(
    accounts: list[str], lanes: int, lots: int, cash: int, mark: Mark
) -> tuple[dict[int, Mark], dict[tuple[int, str], Change]]:
    """Every second account buys what the others sell, in each of the lanes."""
    marks = {FIRST + lane: mark for lane in range(lanes)}
    signs = [1 - 2 * (index % 2) for index in range(len(accounts))]
    changes = {
        (number, account): Change(sign * lots, -sign * cash)
        for number in marks
        for account, sign in zip(accounts, signs, strict=True)
    }
    return marks, changes
