"""Proof of reserves: the custodian's signed, fresh and ordered word on what it holds of one asset.

It is the other side of the liabilities: reserves ≥ liabilities at one journal position says that what is owed is there,
as far as the custodian's word goes. On chain it bounds what may be minted.
"""

from dataclasses import dataclass
from enum import StrEnum

from custody.inclusion import Liabilities
from custody.publications import OrderRefusal, SignedPublication, admit
from custody.signatures import Address, Hash, SignatureRefusal


@dataclass(frozen=True, slots=True)
class Attestation:
    """So much of one asset is held. `units`: ledger units of `scale` places; `as_of_s`: UTC seconds.

    `sequence` counts from 1; `previous_digest` is the digest of the attestation before, zero for the first.
    """

    asset: str
    scale: int
    units: int
    journal_position: int
    journal_head: Hash
    as_of_s: int
    sequence: int
    previous_digest: Hash


@dataclass(frozen=True, slots=True)
class SignedAttestation(SignedPublication):
    """An attestation with the custodian's signature."""

    statement: Attestation


def admit_attestation(
    previous: Attestation | None, signed: SignedAttestation, custodian: Address, now_s: int, longest_age_s: int
) -> SignatureRefusal | OrderRefusal | None:
    """Whether the custodian's next attestation of an asset counts: signed, in order and fresh; the first reason if not.

    `previous` is the last one admitted. `now_s`: UTC seconds; what is more than `longest_age_s` old is too old.
    """
    return signed.check(custodian) or admit(previous, signed.statement, signed.where, now_s, longest_age_s)


class CoverRefusal(StrEnum):
    """Why reserves do not stand against liabilities; where several hold, the earlier member is the answer."""

    ASSET_IS_ANOTHER = "asset_is_another"
    SCALE_IS_ANOTHER = "scale_is_another"
    MOMENT_IS_ANOTHER = "moment_is_another"
    RESERVES_ARE_SHORT = "reserves_are_short"


def check_cover(held: Attestation, owed: Liabilities) -> CoverRefusal | None:
    """Whether what is held is at least what is owed: of one asset, at one position of one journal.

    Of two different moments it would say nothing: the same coins could be shown for the one and owed in the other.
    """
    if held.asset != owed.asset:
        return CoverRefusal.ASSET_IS_ANOTHER
    if held.scale != owed.scale:
        return CoverRefusal.SCALE_IS_ANOTHER
    if (held.journal_position, held.journal_head) != (owed.journal_position, owed.journal_head):
        return CoverRefusal.MOMENT_IS_ANOTHER
    return CoverRefusal.RESERVES_ARE_SHORT if held.units < owed.units else None
