"""Signed marks, here and in Solidity: one digest, the same batches taken, the same refusals with the same names."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.curve import ORDER
from custody.typed_data import TypedDataError
from settlement.chain import Call
from settlement.contracts import MARKS, Contracts, MarkTerms, Plan
from settlement.deployment import deploy
from settlement.devnet import Anvil
from settlement.keys import signer_of
from settlement.node import ChainError, Node
from settlement.signed_marks import (
    FULL_CONFIDENCE_E6,
    Feed,
    Mark,
    MarkBatch,
    MarkRefusal,
    SourceSignature,
    in_order,
)

GENESIS_S = 1_769_000_000
EXAMPLES = 40
TERMS = MarkTerms.for_demonstration()
SOURCES = sorted(TERMS.sources, key=lambda source: int(source.address, 16))
GOOD = MarkBatch(1, GENESIS_S, (Mark(6, 70_000_000_000), Mark(7, 5, 0)))

marks = st.builds(
    Mark,
    st.integers(0, 5) | st.integers(0, 2**32 - 1),
    st.integers(1, 2**64 - 1) | st.integers(1, 99) | st.integers(0, 9),
    st.integers(0, FULL_CONFIDENCE_E6) | st.just(FULL_CONFIDENCE_E6) | st.sampled_from((0, 1, 2, 9, 2**24 - 1)),
)
batches = st.builds(
    MarkBatch,
    st.just(1) | st.integers(0, 2**64 - 1),
    st.integers(0, GENESIS_S * 2),
    st.lists(marks, min_size=1, max_size=4).map(tuple) | st.just(()),
)


def signed(batch: MarkBatch, domain: bytes, who: range | list[int] = range(3)) -> tuple[SourceSignature, ...]:
    digest = batch.digest(domain)
    return in_order({SOURCES[number].address: SOURCES[number].sign_digest(digest) for number in who})


@dataclass(slots=True)
class Both:
    """A feed on a chain and its twin, which are told the same."""

    contracts: Contracts
    twin: Feed

    def publish(self, batch: MarkBatch, signatures: tuple[SourceSignature, ...]) -> MarkRefusal | None:
        """What both say, which is the same; and then both have the same marks."""
        chain = self.contracts.chain
        call = Call(self.contracts.marks, MARKS.call("publish", batch.arguments(), signatures), "marks published")
        told = ""
        try:
            # Asked first: a transaction that reverts would be one more block.
            chain.read(MARKS, call.to, "publish", batch.arguments(), signatures)
            chain.send(call.to, call.data, call.purpose)
        except ChainError as why:
            told = str(why).removeprefix("MarkFeed.publish: ").split(" (")[0].replace(" ", "_")
        said = self.twin.publish(batch, signatures, chain.node.block_time())
        if isinstance(said, Feed):
            assert told == ""
            self.twin = said
            asked = [mark.instrument for mark in batch.marks]
            kept = [(mark.price_e6, mark.confidence_e6, at_s) for mark, at_s in map(said.latest.__getitem__, asked)]
            assert [tuple(row) for row in self.contracts.marks_of(asked)] == kept
            return None
        assert told == said.value
        return said


@pytest.fixture(scope="module")
def deployed() -> Iterator[Contracts]:
    with Anvil(genesis_s=GENESIS_S) as anvil, Node.of_anvil(anvil) as node:
        operator = signer_of("operator")
        node.rpc("anvil_setBalance", operator.address, hex(10**24))
        yield deploy(node, operator, Plan((), {}, operator, 1))


@pytest.fixture
def both(deployed: Contracts) -> Iterator[Both]:
    """A feed without marks: what a test publishes is taken back after it."""
    snapshot, nonce = deployed.chain.node.rpc("evm_snapshot"), deployed.chain._nonce
    yield Both(deployed, Feed(deployed.marks_domain, 1, frozenset(one.address for one in SOURCES), 3, {}))
    deployed.chain.node.rpc("evm_revert", snapshot)
    deployed.chain._nonce = nonce


@settings(max_examples=EXAMPLES, deadline=None)
@given(batch=batches)
def test_a_batch_has_one_digest_in_python_and_in_solidity(deployed: Contracts, batch: MarkBatch) -> None:
    if not batch.marks:
        with pytest.raises(ChainError, match=r"digestOf: wrong length \(given 0\)"):
            deployed.chain.read(MARKS, deployed.marks, "digestOf", batch.arguments())
        return
    found = deployed.chain.read(MARKS, deployed.marks, "digestOf", batch.arguments())
    assert found == batch.digest(deployed.marks_domain)


def test_what_a_mark_cannot_hold_is_refused_before_it_is_signed() -> None:
    for wide in (Mark(2**32, 1), Mark(0, 2**64), Mark(0, 1, 2**24), Mark(-1, 1)):
        with pytest.raises(TypedDataError):
            MarkBatch(1, 0, (wide,)).digest(bytes(32))
        with pytest.raises(OverflowError):
            wide.packed()


def high_s(signature: bytes) -> bytes:
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def test_every_refusal_in_order_of_precedence_each_cured_in_turn(both: Both) -> None:
    domain, now_s = both.twin.domain, both.contracts.chain.node.block_time()
    first = replace(GOOD, as_of_s=now_s)
    assert both.publish(first, signed(first, domain)) is None
    worst = MarkBatch(2, now_s + 1_000, ())
    cures = [
        replace(worst, edition=1),
        replace(first, marks=()),
        replace(first, marks=(Mark(6, 0, FULL_CONFIDENCE_E6 + 1),)),
    ]
    told = [both.publish(batch, ()) for batch in (worst, *cures)]
    unsigned = cures[-1]
    good = signed(unsigned, domain)
    stranger = signer_of("stranger")
    foreign = in_order({stranger.address: b"", **dict(good[1:])})
    told += [both.publish(unsigned, signatures) for signatures in (good[::-1], foreign)]
    told += [both.publish(unsigned, ((good[0][0], signature), *good[1:])) for signature in (b"", high_s(good[0][1]))]
    for mark in (unsigned.marks[0], Mark(6, 1, FULL_CONFIDENCE_E6 + 1), Mark(6, 1)):
        batch = replace(first, marks=(mark,))
        told.append(both.publish(batch, signed(batch, domain)))
    assert list(dict.fromkeys(told)) == list(MarkRefusal)


def test_random_batches_good_and_bad_are_taken_and_refused_alike(both: Both) -> None:
    """The control is at the end: without any that are taken, and several refusals, it would prove little."""
    seen: Counter[MarkRefusal | None] = Counter()

    @settings(max_examples=2 * EXAMPLES, deadline=None, derandomize=True)
    @given(
        batch=batches,
        edition=st.sampled_from((1, 1, 1, 1, 2)),
        late_s=st.sampled_from((0, 0, 0, 0, 5, -3)),
        who=st.lists(st.integers(0, 4), min_size=3, max_size=5, unique=True) | st.just([0, 4]),
        exchanged=st.sampled_from((False, False, False, True)),
    )
    def publish(batch: MarkBatch, edition: int, late_s: int, who: list[int], *, exchanged: bool) -> None:
        now_s = both.contracts.chain.node.block_time()
        batch = replace(batch, edition=edition, as_of_s=now_s - late_s)
        signatures = signed(batch, both.twin.domain, who)
        if exchanged:
            signatures = (*signatures[:-1], (signatures[-1][0], signatures[0][1]))
        seen[both.publish(batch, signatures)] += 1

    publish()
    assert seen[None] > 5
    assert len(seen) > 6
