"""At each settlement a client can see that its compartment covers its mirrored balance, or that somebody lied."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.compartments import CompartmentsError, CycleTree
from custody.covering import (
    Compartment,
    Compartments,
    Covering,
    CoveringRefusal,
    Format,
    SignedCompartments,
    check_covering,
    covering_in,
    to_json,
)
from custody.inclusion import Sibling
from custody.publications import GENESIS, admit
from custody.shapes import FieldError
from custody.signatures import Address, Hash
from custody.sum_tree import grow
from tests.custody.publishing import AS_OF_S, CUSTODIAN, IMPOSTOR, SEED, WHERE

NAMED = Address(CUSTODIAN.address)
CLIENTS = {"treasury": (120, 100), "hedger": (75, 75), "fund": (9, 0)}


def compartments(cycle: int = 7) -> list[Compartment]:
    return [Compartment(client, "harbour", cycle, *amounts) for client, amounts in CLIENTS.items()]


def signed(tree: CycleTree, signer: object = CUSTODIAN, **changes: object) -> SignedCompartments:
    assert signer in (CUSTODIAN, IMPOSTOR)
    root = tree.root
    told = Compartments(
        "USD", 6, tree.venue, tree.cycle, Hash(root.hash), root.units, len(tree.compartments), 5, GENESIS, AS_OF_S, 1,
        GENESIS,
    )  # fmt: skip
    return SignedCompartments.by(CUSTODIAN if signer is CUSTODIAN else IMPOSTOR, replace(told, **changes), WHERE)


TREE = CycleTree(compartments(), SEED)
HOLDS = TREE.proof("hedger", signed(TREE))


def test_every_client_sees_that_it_is_covered() -> None:
    for client in CLIENTS:
        own = TREE.proof(client, signed(TREE))
        assert check_covering(own, NAMED) is None
        assert covering_in(to_json(own)) == own
    assert TREE.root.units == 175
    with pytest.raises(KeyError):
        TREE.proof("stranger", signed(TREE))


def dishonest(lies: Compartment) -> Covering:
    """A root that the custodian signs although our own tree would refuse it, with one leaf."""
    salt = Hash(bytes([3]) * 32)
    root = grow([lies.entry(salt.value)])[-1][0]
    told = signed(TREE, root=Hash(root.hash), units=root.units, accounts=1)
    return Covering(Format.COMPARTMENT_1, lies, salt, 0, (), told)


REFUSED = [
    ("custodian_is_another", replace(HOLDS, compartments=signed(TREE, IMPOSTOR))),
    ("signature_is_anothers", replace(HOLDS, compartments=replace(signed(TREE, IMPOSTOR), custodian=NAMED))),
    ("index_is_outside_the_tree", replace(HOLDS, index=3)),
    ("path_has_another_length", replace(HOLDS, path=())),
    ("total_is_another", replace(HOLDS, compartment=replace(HOLDS.compartment, mirrored_units=76))),
    ("root_is_another", replace(HOLDS, compartment=replace(HOLDS.compartment, collateral_units=76))),
    ("root_is_another", replace(HOLDS, compartment=replace(HOLDS.compartment, client="fund"))),
    ("root_is_another", replace(HOLDS, compartment=replace(HOLDS.compartment, cycle=8))),
    ("root_is_another", replace(HOLDS, salt=GENESIS)),
    ("venue_is_another", dishonest(Compartment("hedger", "quay", 8, 1, 2))),
    ("cycle_is_another", dishonest(Compartment("hedger", "harbour", 8, 1, 2))),
    ("compartment_is_not_covered", dishonest(Compartment("hedger", "harbour", 7, 74, 75))),
]


@pytest.mark.parametrize(("refusal", "bad"), REFUSED, ids=[f"{at} {row[0]}" for at, row in enumerate(REFUSED)])
def test_the_first_check_that_fails_is_the_answer(refusal: str, bad: Covering) -> None:
    assert check_covering(bad, NAMED) == refusal


def test_every_refusal_of_its_own_is_reached() -> None:
    assert set(CoveringRefusal) <= {row[0] for row in REFUSED}
    assert check_covering(dishonest(Compartment("hedger", "harbour", 7, 75, 75)), NAMED) is None


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([Compartment("short", "harbour", 7, 9, 10)], "short at harbour lacks 1"),
        ([Compartment("fund", "harbour", 7, 1, 1)], "fund has two compartments"),
        ([Compartment("fund", "quay", 7, 1, 1)], "found 2"),
        ([Compartment("fund", "harbour", 8, 1, 1)], "found 2"),
    ],
)
def test_a_cycle_that_is_not_covered_cannot_be_published(more: list[Compartment], words: str) -> None:
    with pytest.raises(CompartmentsError, match=words):
        CycleTree([*compartments(), *more], SEED)


def test_no_compartments_and_negative_amounts_are_refused() -> None:
    with pytest.raises(CompartmentsError, match="found 0"):
        CycleTree([], SEED)
    with pytest.raises(FieldError, match="mirrored_units"):
        Compartment("fund", "harbour", 7, 1, -1)


def test_cycles_follow_each_other() -> None:
    first = signed(TREE)
    following = signed(
        CycleTree(compartments(8), SEED), sequence=2, as_of_s=AS_OF_S + 1, previous_digest=first.digest()
    )
    assert admit(first.statement, following.statement, WHERE, AS_OF_S + 1, 0) is None
    assert admit(None, following.statement, WHERE, AS_OF_S + 1, 0) == "sequence_leaves_a_gap"


def test_a_leaf_of_a_compartment_is_no_leaf_of_a_liability() -> None:
    assert isinstance(HOLDS.path[0], Sibling)
    assert HOLDS.compartment.entry(HOLDS.salt.value).hash not in {step.hash.value for step in HOLDS.path}


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), st.tuples(st.integers(0, 9), st.integers(0, 9))))
def test_a_tree_stands_exactly_where_everybody_is_covered(amounts: dict[str, tuple[int, int]]) -> None:
    made = [Compartment(client, "quay", 1, *units) for client, units in amounts.items()]
    covered = bool(made) and all(collateral >= mirrored for collateral, mirrored in amounts.values())
    try:
        tree = CycleTree(made, SEED)
    except CompartmentsError:
        assert not covered
    else:
        assert covered
        assert all(check_covering(tree.proof(client, signed(tree)), NAMED) is None for client in amounts)
