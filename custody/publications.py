"""What the custodian publishes, it signs and puts in order: each publication names the one before it by digest.

Liabilities and reserves are published per asset, each in a chain of its own. A contract checks the same signature, for
the digest is EIP-712's (`custody.typed_data`), and can hold the same chain: whoever keeps one digest would notice a
publication that was left out, changed, or shown to one reader and not to another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Protocol, Self

from custody.shapes import shape_of
from custody.signatures import Address, Hash, Hex, SignatureRefusal, Signed, check_signature
from custody.signers import Signer
from custody.typed_data import DOMAIN_NAME, Domain, Struct, digest


@dataclass(frozen=True, slots=True)
class Where:
    """Where a signature is good: for which contract (all zeros: for none), on which chain."""

    chain_id: int
    contract: Address

    @property
    def domain(self) -> Domain:
        """The domain of EIP-712, version 1."""
        return Domain(DOMAIN_NAME, self.chain_id, self.contract.value)


GENESIS = Hash(bytes(32))
"""What the first publication of a chain names as the one before it."""


class Publication(Protocol):
    """A statement at one journal position, in a chain. Units are ledger units of `scale` places; times UTC seconds."""

    @property
    def asset(self) -> str: ...
    @property
    def scale(self) -> int: ...
    @property
    def units(self) -> int: ...
    @property
    def journal_position(self) -> int: ...
    @property
    def journal_head(self) -> Hash: ...
    @property
    def as_of_s(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def previous_digest(self) -> Hash: ...


_SOLIDITY: Mapping[type, str] = {str: "string", int: "uint64", Hash: "bytes32", Address: "address"}


@cache
def struct_of(shape: type) -> Struct:
    """The EIP-712 struct of a publication: its own name, the same members."""
    members = (f"{_SOLIDITY[kind]} {name}" for name, kind in shape_of(shape).kinds.items())
    return Struct(f"{shape.__name__}({','.join(members)})")


def digest_of(publication: object, where: Where) -> Hash:
    """What the custodian signs; TypedDataError for a number that is negative or above 64 bits."""
    shape: type = type(publication)
    values = {name: getattr(publication, name) for name in shape_of(shape).kinds}
    plain = {name: value.value if isinstance(value, Hex | Address) else value for name, value in values.items()}
    return Hash(digest(where.domain.separator(), struct_of(shape).hash(plain)))


@dataclass(frozen=True, slots=True)
class SignedPublication:
    """A publication with the custodian's signature over its EIP-712 digest; a subclass says which publication."""

    statement: Any
    where: Where
    custodian: Address
    signature: Signed

    @classmethod
    def by(cls, signer: Signer, statement: Publication, where: Where) -> Self:
        """Sign a publication."""
        signature = signer.sign_digest(digest_of(statement, where).value)
        return cls(statement, where, Address(signer.address), Signed(signature))

    def digest(self) -> Hash:
        """What is signed, and what the next publication names as the one before it."""
        return digest_of(self.statement, self.where)

    def check(self, custodian: Address | None) -> SignatureRefusal | None:
        """Whether the custodian signed it; without one, whether whoever it names did."""
        if custodian is not None and self.custodian != custodian:
            return SignatureRefusal.CUSTODIAN_IS_ANOTHER
        return check_signature(self.digest(), self.signature, self.custodian)


class OrderRefusal(StrEnum):
    """Why a publication does not follow; where several hold, the earlier member is the answer."""

    ASSET_IS_ANOTHER = "asset_is_another"
    SCALE_HAS_CHANGED = "scale_has_changed"
    SEQUENCE_IS_KNOWN_ALREADY = "sequence_is_known_already"
    SEQUENCE_LEAVES_A_GAP = "sequence_leaves_a_gap"
    PREVIOUS_IS_ANOTHER = "previous_is_another"
    JOURNAL_WENT_BACK = "journal_went_back"
    TIME_WENT_BACK = "time_went_back"
    TIME_IS_IN_THE_FUTURE = "time_is_in_the_future"
    TIME_IS_TOO_LONG_AGO = "time_is_too_long_ago"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same publication could be admitted later: once those between came, or its time."""
        return self in {OrderRefusal.SEQUENCE_LEAVES_A_GAP, OrderRefusal.TIME_IS_IN_THE_FUTURE}


def admit(
    previous: Publication | None, following: Publication, where: Where, now_s: int, longest_age_s: int
) -> OrderRefusal | None:
    """Whether a publication follows the last one that was admitted (None: none was), and is fresh.

    The first has sequence 1 and follows GENESIS. `now_s`: UTC seconds. Whose signature it bears is another question.
    """
    return _misplaced(previous, following, where) or _untimely(previous, following, now_s, longest_age_s)


def _misplaced(previous: Publication | None, following: Publication, where: Where) -> OrderRefusal | None:
    if previous is not None and following.asset != previous.asset:
        return OrderRefusal.ASSET_IS_ANOTHER
    if previous is not None and following.scale != previous.scale:
        return OrderRefusal.SCALE_HAS_CHANGED
    due = 1 if previous is None else previous.sequence + 1
    if following.sequence != due:
        late = following.sequence < due
        return OrderRefusal.SEQUENCE_IS_KNOWN_ALREADY if late else OrderRefusal.SEQUENCE_LEAVES_A_GAP
    expected = GENESIS if previous is None else digest_of(previous, where)
    return None if following.previous_digest == expected else OrderRefusal.PREVIOUS_IS_ANOTHER


def _untimely(
    previous: Publication | None, following: Publication, now_s: int, longest_age_s: int
) -> OrderRefusal | None:
    if previous is not None and following.journal_position < previous.journal_position:
        return OrderRefusal.JOURNAL_WENT_BACK
    if previous is not None and following.as_of_s <= previous.as_of_s:
        return OrderRefusal.TIME_WENT_BACK
    if following.as_of_s > now_s:
        return OrderRefusal.TIME_IS_IN_THE_FUTURE
    return OrderRefusal.TIME_IS_TOO_LONG_AGO if now_s - following.as_of_s > longest_age_s else None
