"""What several proofs show together: an account that stands twice, leaves out of order, two roots for one moment."""

from dataclasses import replace

import numpy as np
import pytest

from custody.double_inclusion import Contradiction, Kind, contradictions
from custody.inclusion import Format, Inclusion, Leaf, Liabilities, Sibling, SignedLiabilities, check_inclusion
from custody.publications import GENESIS
from custody.signatures import Address, Hash
from custody.sum_tree import account_key, grow, leaf, path_in
from tests.custody.publishing import AS_OF_S, CUSTODIAN, OWED, WHERE, proof

NAMED = Address(CUSTODIAN.address)


def dishonest(*accounts: str) -> list[Inclusion]:
    """A custodian's proofs from a tree with these leaves in this order, whatever our own tree would refuse."""
    salts = [Hash(bytes([place]) * 32) for place in range(len(accounts))]
    leaves = [leaf(salt.value, account_key(name), 10) for salt, name in zip(salts, accounts, strict=True)]
    levels = grow(leaves)
    root = levels[-1][0]
    head = Hash(bytes(32))
    told = Liabilities("USDC", 6, Hash(root.hash), root.units, len(accounts), 1, head, AS_OF_S, 1, GENESIS)
    signed = SignedLiabilities.by(CUSTODIAN, told, WHERE)
    paths = [tuple(Sibling(Hash(one.hash), one.units) for one in path_in(levels, at)) for at in range(len(accounts))]
    return [
        Inclusion(Format.INCLUSION_1, Leaf(name, 10, salts[at], at), paths[at], signed)
        for at, name in enumerate(accounts)
    ]


IN_ORDER = sorted((f"client/{number}" for number in range(5)), key=account_key)


def test_an_honest_publication_contradicts_itself_nowhere() -> None:
    assert contradictions([proof(owner) for owner in OWED]) == []
    assert contradictions([proof("fees"), proof("fees")]) == []
    assert contradictions([]) == []
    assert contradictions(dishonest(*IN_ORDER)) == []


def test_an_account_that_stands_twice_is_seen_by_whoever_has_both_proofs() -> None:
    one, *others, again = dishonest(*IN_ORDER, IN_ORDER[0])
    assert check_inclusion(one, NAMED) is None
    assert check_inclusion(again, NAMED) is None
    assert contradictions([one, again]) == [Contradiction(Kind.ACCOUNT_STANDS_TWICE, 0, 1)]
    assert others


@pytest.mark.parametrize("at", range(1, 5))
def test_an_account_that_stands_twice_is_seen_by_a_neighbour_alone(at: int) -> None:
    """The account's second place is out of order: any two honest neighbours around it see so, without its owner."""
    accounts = [*IN_ORDER[:at], IN_ORDER[4], *IN_ORDER[at:]] if at < 4 else [*IN_ORDER[:4], IN_ORDER[0], IN_ORDER[4]]
    proofs = dishonest(*accounts)
    intruder = proofs[at]
    found = contradictions([proofs[at - 1], intruder, proofs[at + 1]])
    assert [one.kind for one in found] in (
        [Kind.LEAVES_ARE_OUT_OF_ORDER], [Kind.ACCOUNT_STANDS_TWICE]
    )  # fmt: skip


def test_two_statements_of_one_sequence_are_seen() -> None:
    one, other = proof("fees"), proof("client/fund", {**OWED, "fees": 4})
    assert check_inclusion(one, NAMED) is check_inclusion(other, NAMED) is None
    assert contradictions([one, other]) == [Contradiction(Kind.TWO_STATEMENTS_OF_ONE_SEQUENCE, 0, 1)]
    later = proof("client/fund", {**OWED, "fees": 4}, sequence=2)
    assert contradictions([one, later]) == []


def test_other_custodians_and_assets_have_sequences_of_their_own() -> None:
    one, other = proof("fees"), proof("fees", asset="BTC")
    assert contradictions([one, other]) == []
    elsewhere = replace(other.liabilities, custodian=Address("0x" + 40 * "0"), statement=one.liabilities.statement)
    assert contradictions([one, replace(other, liabilities=elsewhere)]) == []


def test_every_pair_out_of_order_is_named() -> None:
    shuffled = [IN_ORDER[at] for at in np.random.default_rng(1).permutation(5)]
    found = contradictions(dishonest(*shuffled))
    falls = [at for at in range(4) if account_key(shuffled[at]) > account_key(shuffled[at + 1])]
    assert found == [Contradiction(Kind.LEAVES_ARE_OUT_OF_ORDER, at, at + 1) for at in falls]
    assert falls
