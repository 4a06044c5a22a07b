"""A proof of inclusion: what one account is owed, the way from there to the root, and the root as the custodian signed
it, in one small JSON file that anybody can check without asking anybody.

Reading is strict: one spelling for every value, no field more or less. So a file that differs from what was signed by
anything but blanks fails, by name.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from custody.publications import SignedPublication
from custody.shapes import FieldError, plain, shaped
from custody.signatures import Address, Hash
from custody.strict_json import parse_json
from custody.sum_tree import Entry, account_key, climb, depth_of, leaf, total_of

_ACCOUNT = re.compile(r"[a-z]{1,32}(?:/[A-Za-z0-9_.-]{1,32})?")
_ASSET = re.compile(r"[A-Za-z0-9.]{1,16}")


class Format(StrEnum):
    """What the file is, and by which rules."""

    INCLUSION_1 = "bulkhead.inclusion.1"


@dataclass(frozen=True, slots=True)
class Liabilities:
    """The root over all that is owed of one asset. `units`: their sum, ledger units of `scale` places.

    `accounts`: how many leaves; `journal_head`: digest of the seal at `journal_position`; `as_of_s`: UTC seconds;
    `sequence` counts from 1; `previous_digest` is the digest of the statement before, zero for the first.
    """

    asset: str
    scale: int
    root: Hash
    units: int
    accounts: int
    journal_position: int
    journal_head: Hash
    as_of_s: int
    sequence: int
    previous_digest: Hash

    def __post_init__(self) -> None:
        if not _ASSET.fullmatch(self.asset):
            raise FieldError("asset", f"{self.asset[:40]!r} is no symbol: expected 1 to 16 letters, digits or points")


@dataclass(frozen=True, slots=True)
class SignedLiabilities(SignedPublication):
    """The root with the custodian's signature."""

    statement: Liabilities


@dataclass(frozen=True, slots=True)
class Leaf:
    """What one account is owed (ledger units), and where it stands. Only its owner and the custodian know the salt."""

    account: str
    units: int
    salt: Hash
    index: int

    def __post_init__(self) -> None:
        if not _ACCOUNT.fullmatch(self.account):
            raise FieldError("account", f"{self.account[:40]!r} is no owner such as client/NAME, venue/NAME or fees")


@dataclass(frozen=True, slots=True)
class Sibling:
    """A step of the path: the hash beside the way up, and the units under it."""

    hash: Hash
    units: int


@dataclass(frozen=True, slots=True)
class Inclusion:
    """The whole proof; siblings from the leaf upwards."""

    format: Format
    leaf: Leaf
    path: tuple[Sibling, ...]
    liabilities: SignedLiabilities

    @property
    def packed_path(self) -> bytes:
        """The path as a contract takes it: 40 bytes a step, hash and sum."""
        return b"".join(Entry(step.hash.value, step.units).packed() for step in self.path)


class InclusionRefusal(StrEnum):
    """Why a proof does not hold; where several hold, the earlier member is the answer."""

    CUSTODIAN_IS_ANOTHER = "custodian_is_another"
    SIGNATURE_IS_MALFORMED = "signature_is_malformed"
    SIGNATURE_IS_MALLEABLE = "signature_is_malleable"
    SIGNATURE_IS_ANOTHERS = "signature_is_anothers"
    TREE_IS_EMPTY = "tree_is_empty"
    INDEX_IS_OUTSIDE_THE_TREE = "index_is_outside_the_tree"
    PATH_HAS_ANOTHER_LENGTH = "path_has_another_length"
    TOTAL_IS_ANOTHER = "total_is_another"
    ROOT_IS_ANOTHER = "root_is_another"


def check_inclusion(proof: Inclusion, custodian: Address | None = None) -> InclusionRefusal | None:
    """The first check that fails, None where all hold: the account's units are in the total that the custodian signed.

    `custodian` is who must have signed; without it, the file's own word is taken for whose key it is.
    """
    refusal = proof.liabilities.check(custodian)
    if refusal is not None:
        return InclusionRefusal(refusal)
    own = proof.leaf
    entry = leaf(own.salt.value, account_key(own.account), own.units)
    return check_path(entry, own.index, proof.path, proof.liabilities.statement)


class TreeStatement(Protocol):
    """What a signed statement says about its tree: the root's hash and sum, and how many leaves there are."""

    @property
    def root(self) -> Hash: ...
    @property
    def units(self) -> int: ...
    @property
    def accounts(self) -> int: ...


def check_path(entry: Entry, index: int, path: Sequence[Sibling], tree: TreeStatement) -> InclusionRefusal | None:
    """Whether a leaf stands at this index of the tree; the first check that fails."""
    if tree.accounts == 0:
        return InclusionRefusal.TREE_IS_EMPTY
    if index >= tree.accounts:
        return InclusionRefusal.INDEX_IS_OUTSIDE_THE_TREE
    if len(path) != depth_of(tree.accounts):
        return InclusionRefusal.PATH_HAS_ANOTHER_LENGTH
    siblings = [Entry(sibling.hash.value, sibling.units) for sibling in path]
    if total_of(entry, siblings) != tree.units:
        return InclusionRefusal.TOTAL_IS_ANOTHER  # from here on no sum can leave 64 bits
    return None if climb(entry, index, siblings).hash == tree.root.value else InclusionRefusal.ROOT_IS_ANOTHER


def to_json(proof: Inclusion) -> str:
    """The file's text."""
    return json.dumps(plain(proof), indent=1) + "\n"


def inclusion_in(text: str) -> Inclusion:
    """The proof in a file; FieldError names the field that is not what it must be."""
    read: Inclusion = shaped(Inclusion, parse_json(text))
    return read
