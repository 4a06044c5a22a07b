"""Why an instruction is not accepted: a value, and where several reasons hold, the one that stands first here."""

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """The reasons in precedence order: where it was meant for, whether it is new, its time, who signed it, whether the
    policy lets it, whether enough signed, and whether what it changes can be changed so.
    """

    DOMAIN_IS_WRONG = "domain_is_wrong"
    CHAIN_IS_WRONG = "chain_is_wrong"
    CONTRACT_IS_WRONG = "contract_is_wrong"
    ALREADY_ACCEPTED = "already_accepted"
    ID_HAS_OTHER_CONTENT = "id_has_other_content"
    NONCE_IS_USED = "nonce_is_used"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRES_TOO_LATE = "expires_too_late"
    PARTY_IS_UNKNOWN = "party_is_unknown"
    PARTY_IS_ALREADY_ADMITTED = "party_is_already_admitted"
    ASSET_IS_UNKNOWN = "asset_is_unknown"
    SCALE_IS_WRONG = "scale_is_wrong"
    NOT_SIGNED = "not_signed"
    SIGNATURE_IS_MALFORMED = "signature_is_malformed"
    SIGNATURE_HAS_HIGH_S = "signature_has_high_s"
    SIGNER_IS_UNKNOWN = "signer_is_unknown"
    KEY_CANNOT_APPROVE = "key_cannot_approve"
    KEY_IS_REVOKED = "key_is_revoked"
    KEY_IS_RETIRED = "key_is_retired"
    SIGNER_IS_OF_ANOTHER_PARTY = "signer_is_of_another_party"
    SIGNER_HAS_NO_SAY = "signer_has_no_say"
    SIGNED_TWICE_BY_ONE_SIGNER = "signed_twice_by_one_signer"
    SIGNATURE_IS_NOT_THE_KEYS = "signature_is_not_the_keys"
    CONTRACT_CANNOT_BE_ASKED = "contract_cannot_be_asked"
    CONTRACT_DENIES_SIGNATURE = "contract_denies_signature"
    NO_RULE_FITS = "no_rule_fits"
    DESTINATION_IS_NOT_ALLOWED = "destination_is_not_allowed"
    DESTINATION_IS_TIME_LOCKED = "destination_is_time_locked"
    AMOUNT_IS_OUTSIDE_THE_RULES = "amount_is_outside_the_rules"
    QUORUM_IS_NOT_REACHED = "quorum_is_not_reached"
    DESTINATION_IS_ALREADY_ALLOWED = "destination_is_already_allowed"
    DESTINATION_IS_NOT_LISTED = "destination_is_not_listed"
    KEY_IS_NOT_THE_PARTYS = "key_is_not_the_partys"
    KEY_DOES_NOT_SPEAK = "key_does_not_speak"
    KEY_IS_BEING_REPLACED = "key_is_being_replaced"
    KEY_IS_ALREADY_KNOWN = "key_is_already_known"
    KEY_IS_OF_ANOTHER_KIND = "key_is_of_another_kind"
    OVERLAP_IS_OUTSIDE_BOUNDS = "overlap_is_outside_bounds"
    NOTICE_IS_TOO_SHORT = "notice_is_too_short"
    POLICY_CANNOT_BE_SATISFIED = "policy_cannot_be_satisfied"

    @property
    def rank(self) -> int:
        """Its place in the order; the lowest is the answer."""
        return _RANKS[self]

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same signed instruction could be accepted later."""
        return self in _RETRY_MAY_SUCCEED


_RANKS = {refusal: place for place, refusal in enumerate(Refusal)}

_RETRY_MAY_SUCCEED = frozenset({
    Refusal.NOT_YET_VALID,
    Refusal.EXPIRES_TOO_LATE,  # comes nearer
    Refusal.PARTY_IS_UNKNOWN,
    Refusal.ASSET_IS_UNKNOWN,
    Refusal.SIGNER_IS_UNKNOWN,
    Refusal.SIGNER_IS_OF_ANOTHER_PARTY,  # a new policy may give a say
    Refusal.SIGNER_HAS_NO_SAY,
    Refusal.CONTRACT_CANNOT_BE_ASKED,
    Refusal.CONTRACT_DENIES_SIGNATURE,
    Refusal.NO_RULE_FITS,
    Refusal.DESTINATION_IS_NOT_ALLOWED,
    Refusal.DESTINATION_IS_TIME_LOCKED,
    Refusal.AMOUNT_IS_OUTSIDE_THE_RULES,
    Refusal.QUORUM_IS_NOT_REACHED,  # a new policy may ask for fewer
    Refusal.DESTINATION_IS_ALREADY_ALLOWED,
    Refusal.DESTINATION_IS_NOT_LISTED,
    Refusal.KEY_IS_NOT_THE_PARTYS,
    Refusal.OVERLAP_IS_OUTSIDE_BOUNDS,  # the end comes nearer
    Refusal.POLICY_CANNOT_BE_SATISFIED,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Declined:
    """An instruction that is not accepted: the reason, and in words what would have to be different."""

    refusal: Refusal
    detail: str
