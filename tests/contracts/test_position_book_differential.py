"""The contract and its twin in Python, the same bytes: one refusal to the letter, or one digest and the same lots."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random

import pytest

from margin.instruments import Instrument, Kind
from settlement.abi import explain_revert
from settlement.batch import LANES, ROW, RUN, Change, Mark, MirrorBatch
from settlement.batch_rules import BookState, Refusal, check
from settlement.contracts import POSITIONS, Contracts, Plan
from settlement.deployment import deploy
from settlement.devnet import Anvil
from settlement.keys import signer_of
from settlement.node import Node

LISTED = 10
"""Three instruments on page 0, four on page 1, three on page 2."""
ACCOUNTS = [f"0x{number:040x}" for number in (1, 2, 7, 2**64, 2**160 - 1)]
BATCHES = 500
INT64 = 1 << 63


@dataclass
class Twins:
    """One contract on a node, and what Python believes of it."""

    contracts: Contracts
    state: BookState

    def answer_alike(self, batch: MirrorBatch) -> str:
        """The refusal that both give; nothing, where both accept, and then hold the same."""
        data = POSITIONS.call("mirror", *batch.arguments())
        sender, book = self.contracts.chain.sender.address, self.contracts.positions
        asked = {"from": sender, "to": book, "data": "0x" + data.hex()}
        answer = self.contracts.chain.node.answer("eth_call", (asked, "latest"))
        expected = check(batch, self.state)
        if expected is not None:
            assert explain_revert(bytes.fromhex(answer["error"]["data"][2:]), [POSITIONS]) == str(expected)
            return expected.refusal
        assert "error" not in answer, f"the contract refuses what Python accepts: {answer}"
        self.contracts.chain.send(book, data, "positions mirrored")
        self.state = self.state.after(batch)
        assert self.contracts.head() == (self.state.sequence, self.state.digest)
        assert self.positions() == [self.state.lots(*pair) for pair in EVERYTHING]
        return ""

    def positions(self) -> list[int]:
        accounts, numbers = [account for account, _ in EVERYTHING], [number for _, number in EVERYTHING]
        return list(self.contracts.chain.read(POSITIONS, self.contracts.positions, "positionsOf", accounts, numbers))


EVERYTHING = [(account, number) for account in ACCOUNTS for number in range(LANES * 3)]


@contextmanager
def deployed() -> Iterator[Twins]:
    with Anvil(genesis_s=1_769_000_000) as anvil, Node.of_anvil(anvil) as node:
        operator = signer_of("operator")
        node.rpc("anvil_setBalance", operator.address, hex(10**24))
        traded = tuple(
            Instrument(number, "harbour", f"C{number}-PERP", Kind.PERP, f"C{number}", 1_000, 10_000)
            for number in range(1, LISTED + 1)
        )
        plan = Plan((), {"harbour": signer_of("venue/harbour")}, operator, 300, traded)
        yield Twins(deploy(node, operator, plan), BookState(LISTED))


def number(random: Random) -> int:
    """An int64: often nothing, mostly middling, sometimes at the very end."""
    kind = random.randrange(40)
    if kind < 8:
        return 0
    if kind == 8:
        return random.choice((INT64 - 1, INT64 - 2, -INT64, 1 - INT64))
    return random.randrange(-(10**12), 10**12)


def good(random: Random, state: BookState) -> MirrorBatch:
    """A batch that balances and is at the head; its positions may still leave int64."""
    numbers = random.sample(range(1, LISTED + 1), random.randrange(LISTED))
    marks = {one: Mark(number(random), number(random)) for one in numbers}
    changes: dict[tuple[int, str], Change] = {}
    for one in numbers:
        accounts = random.sample(ACCOUNTS, random.randrange(len(ACCOUNTS)))
        lots, cash = [number(random) for _ in accounts], [number(random) for _ in accounts]
        for values in (lots, cash):
            while values and not -INT64 <= sum(values[:-1]) * -1 < INT64:
                values[:] = [value // 2 for value in values]
            values[-1:] = [-sum(values[:-1])] if values else []
        changes |= {(one, account): Change(*pair) for account, *pair in zip(accounts, lots, cash, strict=True)}
    return MirrorBatch.of(state.sequence + 1, state.digest, random.randrange(1 << 64), marks, changes)


def shuffled(table: bytes, size: int, random: Random) -> bytes:
    """Two records exchanged, or one written twice."""
    records = [table[place : place + size] for place in range(0, len(table), size)]
    if not records:
        return table
    first, second = random.randrange(len(records)), random.randrange(len(records))
    if random.random() < 0.3:
        records.insert(first, records[second])
    else:
        records[first], records[second] = records[second], records[first]
    return b"".join(records)


def edited(table: bytes, at: Callable[[int], int], value: bytes, size: int, random: Random) -> bytes:
    """Bytes written over a record's, `at` so far into it."""
    if len(table) < size:
        return table
    place = at(random.randrange(len(table) // size) * size)
    return table[:place] + value + table[place + len(value) :]


FAULTS: tuple[Callable[[MirrorBatch, Random], MirrorBatch], ...] = (
    lambda batch, r: replace(batch, sequence=batch.sequence + r.choice((-1, 1, 2**40))),
    lambda batch, r: replace(batch, previous_digest=r.randbytes(32)),
    lambda batch, r: replace(batch, marks=batch.marks[: r.randrange(len(batch.marks) + 1)]),
    lambda batch, r: replace(batch, marks=batch.marks + r.randbytes(r.randrange(1, 80))),
    lambda batch, r: replace(batch, runs=batch.runs[: r.randrange(len(batch.runs) + 1)]),
    lambda batch, r: replace(batch, runs=batch.runs + r.randbytes(r.choice((1, RUN.size)))),
    lambda batch, r: replace(batch, marks=shuffled(batch.marks, ROW.size, r)),
    lambda batch, r: replace(batch, runs=shuffled(batch.runs, RUN.size, r)),
    lambda batch, r: replace(batch, marks=edited(batch.marks, lambda at: at + 3, bytes([r.randrange(4)]), 72, r)),
    lambda batch, r: replace(batch, marks=edited(batch.marks, lambda at: at, b"\xff" * 4, 72, r)),
    lambda batch, r: replace(batch, marks=edited(batch.marks, lambda at: at + 7, bytes([r.randrange(256)]), 72, r)),
    lambda batch, r: replace(batch, marks=edited(batch.marks, lambda at: at + 7, bytes([r.randrange(16)]), 72, r)),
    lambda batch, r: replace(batch, marks=edited(batch.marks, lambda at: at + 6, bytes([r.randrange(5)]), 72, r)),
    lambda batch, r: replace(batch, runs=edited(batch.runs, lambda at: at, bytes(20), RUN.size, r)),
    lambda batch, r: replace(batch, runs=edited(batch.runs, lambda at: at + 20, bytes(64), RUN.size, r)),
    lambda batch, r: replace(batch, runs=edited(batch.runs, lambda at: at + 20 + r.randrange(64), b"\x01", 84, r)),
    lambda batch, r: replace(batch, runs=edited(batch.runs, lambda at: at + 52 + r.randrange(32), b"\x80", 84, r)),
)


@pytest.mark.parametrize("seed", [2026])
def test_the_contract_and_its_twin_answer_alike(seed: int) -> None:
    random, answers = Random(seed), Counter[str]()
    with deployed() as twins:
        for _ in range(BATCHES):
            batch = good(random, twins.state)
            for fault in random.sample(FAULTS, random.choice((0, 0, 1, 1, 2))):
                batch = fault(batch, random)
            answers[twins.answer_alike(batch)] += 1
    assert answers[""] > BATCHES // 5, f"the control: enough are accepted: {answers}"
    assert not (missing := [refusal for refusal in Refusal if answers[refusal] < 2]), f"{missing} of {answers}"


def test_sums_that_vanish_only_in_64_bits_are_refused_by_both() -> None:
    least = {(4, account): Change(-INT64, 0) for account in ACCOUNTS[:2]}
    with deployed() as twins:
        batch = MirrorBatch.of(1, twins.state.digest, 0, {4: Mark(1)}, least)
        assert twins.answer_alike(batch) == Refusal.INSTRUMENT_NOT_ZERO_SUM
        batch = MirrorBatch.of(1, twins.state.digest, 0, {4: Mark(1)}, {key: Change(0, -INT64) for key in least})
        assert twins.answer_alike(batch) == Refusal.CASH_NOT_ZERO_SUM
