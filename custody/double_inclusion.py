"""What no single proof can show, and several together do: two roots for one moment, or one account in two places.

A tree's leaves stand in the order of their accounts' keys. So an account that was put in twice stands somewhere out of
order, and whoever holds the proof of a leaf beside it can tell; clients who compare their files need nobody's help.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, pairwise

from custody.inclusion import Inclusion
from custody.sum_tree import account_key


class Kind(StrEnum):
    """What is wrong between two proofs, each of which may hold by itself."""

    TWO_STATEMENTS_OF_ONE_SEQUENCE = "two_statements_of_one_sequence"
    ACCOUNT_STANDS_TWICE = "account_stands_twice"
    LEAVES_ARE_OUT_OF_ORDER = "leaves_are_out_of_order"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two proofs, by their place in what was given, that cannot both stand in an honest publication."""

    kind: Kind
    first: int
    second: int


def contradictions(proofs: Sequence[Inclusion]) -> list[Contradiction]:
    """Every pair of statements, of one account's places, and of neighbours in one tree, that contradict each other."""
    return [*_two_statements(proofs), *_misplaced(proofs)]


def _two_statements(proofs: Sequence[Inclusion]) -> Iterator[Contradiction]:
    first_of: dict[tuple[str, str, int], dict[bytes, int]] = {}
    for place, proof in enumerate(proofs):
        signed = proof.liabilities
        chain = (signed.custodian.value, signed.statement.asset, signed.statement.sequence)
        first_of.setdefault(chain, {}).setdefault(signed.digest().value, place)
    for places in first_of.values():
        for one, other in combinations(places.values(), 2):
            yield Contradiction(Kind.TWO_STATEMENTS_OF_ONE_SEQUENCE, one, other)


def _misplaced(proofs: Sequence[Inclusion]) -> Iterator[Contradiction]:
    trees: dict[bytes, list[tuple[int, bytes, int]]] = {}
    for place, proof in enumerate(proofs):
        leaf = (proof.leaf.index, account_key(proof.leaf.account), place)
        trees.setdefault(proof.liabilities.digest().value, []).append(leaf)
    for leaves in trees.values():
        stands_at: dict[bytes, tuple[int, int]] = {}
        for index, key, place in leaves:
            known, known_place = stands_at.setdefault(key, (index, place))
            if known != index:
                yield Contradiction(Kind.ACCOUNT_STANDS_TWICE, known_place, place)
        for (_, key, place), (_, next_key, next_place) in pairwise(sorted(leaves)):
            if key > next_key:
                yield Contradiction(Kind.LEAVES_ARE_OUT_OF_ORDER, place, next_place)
