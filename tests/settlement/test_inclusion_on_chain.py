"""An inclusion checked on chain: what holds for `check_inclusion` holds there, what fails fails there, as the same."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.inclusion import InclusionRefusal, SignedLiabilities, check_inclusion
from custody.publications import GENESIS
from custody.sum_tree import SumTreeError
from settlement.chain import Chain
from tests.custody.publishing import CUSTODIAN
from tests.settlement.registered import NAMED, PARTS, a_chain, agreed, changed, published, said


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with a_chain() as chain:
        yield chain


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=20), st.data())
def test_both_accept_every_proof_and_refuse_every_change_for_the_same_reason(
    chain: Chain, units: list[int], data: st.DataObject
) -> None:
    registry, proofs = published(chain, units)
    assert [agreed(registry, proof) for proof in proofs] == [None] * len(units)
    parts = PARTS if len(units) > 1 else ("account", "salt", "units", "index", "put in")
    for part in parts:
        proof = data.draw(st.sampled_from(proofs))
        other = changed(proof, part, data.draw(st.integers(0, 4)), data.draw(st.integers(1, 2**64)))
        assert other == proof or agreed(registry, other) is not None, part


@pytest.mark.parametrize("changes", [
    {"units": 11}, {"accounts": 2}, {"accounts": 5}, {"accounts": 2**63 - 1}, {"root": GENESIS}, {"units": 0},
], ids=str)  # fmt: skip
def test_a_statement_that_is_not_its_trees_fails_for_its_clients(chain: Chain, changes: dict[str, object]) -> None:
    registry, proofs = published(chain, [1, 2, 7], **changes)
    assert all(agreed(registry, proof) is not None for proof in proofs)


def test_every_refusal_is_reached_and_the_earlier_one_is_told(chain: Chain) -> None:
    registry, (proof, *_) = published(chain, [1, 2, 7])
    index = replace(proof.leaf, index=3, units=9, salt=GENESIS)
    faults = [
        replace(proof, leaf=index, path=()),
        replace(proof, leaf=replace(index, index=0), path=()),
        replace(proof, leaf=replace(index, index=0)),
        replace(proof, leaf=replace(proof.leaf, salt=GENESIS)),
        proof,
    ]
    assert [agreed(registry, one) for one in faults] == [
        "index_is_outside_the_tree", "path_has_another_length", "total_is_another", "root_is_another", None,
    ]  # fmt: skip
    empty = SignedLiabilities.by(
        CUSTODIAN, replace(proof.liabilities.statement, accounts=0, sequence=2), registry.where
    )
    assert agreed(registry, replace(proof, liabilities=empty)) is InclusionRefusal.TREE_IS_EMPTY


def test_units_that_no_ledger_has_are_in_no_total(chain: Chain) -> None:
    """Here the leaf itself refuses them, there the sum."""
    registry, (proof, *_) = published(chain, [1, 2, 7])
    for units in (2**63, 2**64 - 1):
        beyond = replace(proof, leaf=replace(proof.leaf, units=units))
        with pytest.raises(SumTreeError):
            check_inclusion(beyond, NAMED)
        assert said(registry, beyond) == "wrong total"


def test_sums_do_not_wrap(chain: Chain) -> None:
    """Modulo 2^64 the sum of these would be the total that was signed."""
    registry, (proof, *_) = published(chain, [1, 2, 7])
    beside, above = proof.path
    path = (replace(beside, units=2**63), replace(above, units=2**63 + 10 - proof.leaf.units))
    assert agreed(registry, replace(proof, path=path)) is InclusionRefusal.TOTAL_IS_ANOTHER
