"""What segregated custody can show and a balance sheet cannot: at each settlement, every compartment's collateral after
haircuts is at least the balance that its venue mirrors.

The compartments of one venue at one settlement cycle are the leaves of a Merkle-sum tree. A leaf's hash binds both
amounts, its sum is the mirrored balance; so a client sees its own compartment covered, and everybody the total that the
venue may mirror.

    leaf   keccak256(0x04 ‖ salt: 32 bytes ‖ keccak256(client) ‖ keccak256(venue) ‖ cycle, collateral, mirrored:
           8 bytes each), mirrored
"""

import json
from dataclasses import dataclass
from enum import StrEnum

from eth_utils.crypto import keccak

from custody.inclusion import InclusionRefusal, Sibling, check_path
from custody.publications import SignedPublication
from custody.shapes import plain, require_number, shaped
from custody.signatures import Address, Hash
from custody.strict_json import parse_json
from custody.sum_tree import Entry, account_key

_LEAF = b"\x04"


class Format(StrEnum):
    """What the file is, and by which rules."""

    COMPARTMENT_1 = "bulkhead.compartment.1"


@dataclass(frozen=True, slots=True)
class Compartment:
    """One client at one venue when a cycle is settled; both amounts in 1e-6 USD, the collateral after haircuts."""

    client: str
    venue: str
    cycle: int
    collateral_units: int
    mirrored_units: int

    def __post_init__(self) -> None:
        for name in ("cycle", "collateral_units", "mirrored_units"):
            require_number(name, getattr(self, name))

    @property
    def is_covered(self) -> bool:
        """Whether the client has at least as much in it as the venue shows it."""
        return self.collateral_units >= self.mirrored_units

    def entry(self, salt: bytes) -> Entry:
        """The compartment as its tree holds it."""
        numbers = (self.cycle, self.collateral_units, self.mirrored_units)
        packed = b"".join(number.to_bytes(8, "big") for number in numbers)
        names = account_key(self.client) + account_key(self.venue)
        return Entry(keccak(_LEAF + salt + names + packed), self.mirrored_units)


@dataclass(frozen=True, slots=True)
class Compartments:
    """The root over a venue's compartments at one cycle. `units`: the sum of mirrored balances in 1e-6 USD.

    `asset` is USD and `scale` 6; the other fields are those of every publication (`custody.publications`).
    """

    asset: str
    scale: int
    venue: str
    cycle: int
    root: Hash
    units: int
    accounts: int
    journal_position: int
    journal_head: Hash
    as_of_s: int
    sequence: int
    previous_digest: Hash


@dataclass(frozen=True, slots=True)
class SignedCompartments(SignedPublication):
    """The root with the custodian's signature."""

    statement: Compartments


@dataclass(frozen=True, slots=True)
class Covering:
    """One client's proof: its compartment, the way to the root, and the root as it was signed."""

    format: Format
    compartment: Compartment
    salt: Hash
    index: int
    path: tuple[Sibling, ...]
    compartments: SignedCompartments


class CoveringRefusal(StrEnum):
    """Why a proof says less than that the compartment is covered; what is wrong with the proof itself comes first."""

    VENUE_IS_ANOTHER = "venue_is_another"
    CYCLE_IS_ANOTHER = "cycle_is_another"
    COMPARTMENT_IS_NOT_COVERED = "compartment_is_not_covered"


def check_covering(proof: Covering, custodian: Address | None = None) -> InclusionRefusal | CoveringRefusal | None:
    """The first check that fails, None where all hold: the custodian signed that this client was covered."""
    if (refusal := proof.compartments.check(custodian)) is not None:
        return InclusionRefusal(refusal)
    statement, own = proof.compartments.statement, proof.compartment
    if (broken := check_path(own.entry(proof.salt.value), proof.index, proof.path, statement)) is not None:
        return broken
    if own.venue != statement.venue:
        return CoveringRefusal.VENUE_IS_ANOTHER
    if own.cycle != statement.cycle:
        return CoveringRefusal.CYCLE_IS_ANOTHER
    return None if own.is_covered else CoveringRefusal.COMPARTMENT_IS_NOT_COVERED


def to_json(proof: Covering) -> str:
    """The file's text."""
    return json.dumps(plain(proof), indent=1) + "\n"


def covering_in(text: str) -> Covering:
    """The proof in a file; FieldError names the field that is not what it must be."""
    read: Covering = shaped(Covering, parse_json(text))
    return read
