"""The registry takes what follows, as `publications.admit` has it, and what the custodian signed: nothing else."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.inclusion import Liabilities, SignedLiabilities
from custody.publications import GENESIS, OrderRefusal, Where, admit, digest_of
from custody.signatures import Address, Hash
from settlement.chain import Chain
from settlement.liability_registry import LiabilityRegistry
from settlement.node import ChainError
from tests.custody.publishing import AS_OF_S, CUSTODIAN, IMPOSTOR
from tests.settlement.registered import a_chain, registry_of

HEAD = Hash(bytes([7]) * 32)
FIRST = Liabilities("USDC", 6, HEAD, 5_000, 3, 10, HEAD, AS_OF_S - 500, 1, GENESIS)
WHOLE = st.integers(0, 2**63 - 1)
HASHES = st.binary(min_size=32, max_size=32).map(Hash)


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with a_chain() as chain:
        yield chain


@pytest.fixture
def registry(chain: Chain) -> LiabilityRegistry:
    return registry_of(chain)


def signed(registry: LiabilityRegistry, statement: Liabilities) -> SignedLiabilities:
    return SignedLiabilities.by(CUSTODIAN, statement, registry.where)


def second(registry: LiabilityRegistry, **changes: object) -> Liabilities:
    """What may follow the first, with some of it changed."""
    previous = digest_of(FIRST, registry.where)
    following = replace(
        FIRST, units=6_000, journal_position=12, as_of_s=AS_OF_S - 100, sequence=2, previous_digest=previous
    )
    return replace(following, **changes)


def test_what_follows_is_published_under_the_digest_that_was_signed(registry: LiabilityRegistry) -> None:
    assert registry.published(1) is None
    registry.publish(signed(registry, FIRST))
    following = signed(registry, second(registry))
    registry.publish(following)
    assert registry.published(1) == digest_of(FIRST, registry.where)
    assert registry.published(2) == following.digest()
    assert registry.published(3) is None


# Every row also breaks the rules of the rows below its own, as far as one statement can.
BEHIND = {"journal_position": 9, "as_of_s": FIRST.as_of_s, "accounts": 0}
LATE = {**BEHIND, "previous_digest": GENESIS}
FAR_S = AS_OF_S + 10_000_000
REFUSED: list[tuple[OrderRefusal, dict[str, object], str]] = [
    (OrderRefusal.ASSET_IS_ANOTHER, {"asset": "BTC", "scale": 8, "sequence": 1, **LATE}, "wrong asset (expected USDC"),
    (OrderRefusal.SCALE_HAS_CHANGED, {"scale": 8, "sequence": 4, **LATE}, "wrong scale (expected 6, given 8)"),
    (OrderRefusal.SEQUENCE_IS_KNOWN_ALREADY, {"sequence": 1, **LATE}, "wrong sequence (expected 2, given 1)"),
    (OrderRefusal.SEQUENCE_LEAVES_A_GAP, {"sequence": 3, **LATE}, "wrong sequence (expected 2, given 3)"),
    (OrderRefusal.PREVIOUS_IS_ANOTHER, LATE, "wrong previous digest (expected 0x"),
    (OrderRefusal.JOURNAL_WENT_BACK, BEHIND, "journal went back (previous 10, given 9)"),
    (OrderRefusal.TIME_WENT_BACK, {"as_of_s": FIRST.as_of_s, "accounts": 0}, "time not after (previous "),
    (OrderRefusal.TIME_IS_IN_THE_FUTURE, {"as_of_s": FAR_S, "accounts": 0}, f"time in future (given {FAR_S}, "),
]


@pytest.mark.parametrize(("refusal", "changes", "told"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_does_not_follow_is_refused_by_both_for_the_same_reason(
    registry: LiabilityRegistry, refusal: OrderRefusal, changes: dict[str, object], told: str
) -> None:
    registry.publish(signed(registry, FIRST))
    statement = second(registry, **changes)
    now_s = registry.chain.node.block_time()
    assert admit(FIRST, statement, registry.where, now_s, longest_age_s=10**9) is refusal
    forged = SignedLiabilities.by(IMPOSTOR, statement, registry.where)
    with pytest.raises(ChainError) as why:
        registry.publish(forged)
    assert str(why.value).startswith(f"liabilities published: {told}")
    assert registry.published(2) is None


def test_every_refusal_of_order_but_one_is_the_chains_too(registry: LiabilityRegistry) -> None:
    """A statement that comes late is taken: were it not, no other could ever follow it."""
    assert {row[0] for row in REFUSED} == set(OrderRefusal) - {OrderRefusal.TIME_IS_TOO_LONG_AGO}
    old = replace(FIRST, as_of_s=1)
    assert admit(None, old, registry.where, registry.chain.node.block_time(), 600) is OrderRefusal.TIME_IS_TOO_LONG_AGO
    registry.publish(signed(registry, old))
    assert registry.published(1) == digest_of(old, registry.where)


def test_what_no_tree_can_be_is_refused_before_the_signature(registry: LiabilityRegistry) -> None:
    elsewhere = Where(registry.where.chain_id + 1, registry.where.contract)
    most = 2**63 - 1
    for statement, told in (
        (replace(FIRST, accounts=0, units=most + 1), "no accounts"),
        (replace(FIRST, units=most + 1), rf"total too large \(most {most}, given {most + 1}\)"),
        (replace(FIRST, units=most), "wrong custodian signature"),
    ):
        with pytest.raises(ChainError, match=told):
            registry.publish(SignedLiabilities.by(CUSTODIAN, statement, elsewhere))
    registry.publish(signed(registry, replace(FIRST, units=most)))


def test_nobody_but_the_custodian_publishes(registry: LiabilityRegistry) -> None:
    other = registry_of(registry.chain)
    good = signed(registry, FIRST)
    for bad in (
        SignedLiabilities.by(IMPOSTOR, FIRST, registry.where),
        signed(other, FIRST),
        replace(good, statement=replace(FIRST, units=5_001)),
    ):
        with pytest.raises(ChainError, match="wrong custodian signature"):
            registry.publish(bad)
    registry.publish(good)


@settings(max_examples=50, deadline=None)
@given(
    st.builds(
        Liabilities, st.from_regex(r"[A-Za-z0-9.]{1,16}", fullmatch=True), WHOLE, HASHES, WHOLE, WHOLE, WHOLE, HASHES,
        WHOLE, WHOLE, HASHES,
    )
)  # fmt: skip
def test_a_statement_has_one_digest_here_and_there(chain: Chain, statement: Liabilities) -> None:
    anywhere = LiabilityRegistry.deployed(chain, Address(IMPOSTOR.address), "ETH", 9)
    assert anywhere.digest_of(statement) == digest_of(statement, anywhere.where)
