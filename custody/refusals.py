"""Why the custodian does not do what it is told: one list for every call, in order of precedence."""

from enum import StrEnum


class MovementRefusal(StrEnum):
    """Why a call changed nothing; where several hold, the earlier member is the answer."""

    ID_IS_MALFORMED = "id_is_malformed"
    MOVEMENT_NOT_FOUND = "movement_not_found"
    IS_NOT_THE_SPEAKERS_TO_SAY = "is_not_the_speakers_to_say"
    EXISTS_WITH_DIFFERENT_LIFECYCLE = "exists_with_different_lifecycle"
    EXISTS_WITH_DIFFERENT_PARTY = "exists_with_different_party"
    EXISTS_WITH_DIFFERENT_ASSET = "exists_with_different_asset"
    EXISTS_WITH_DIFFERENT_UNITS = "exists_with_different_units"
    EXISTS_WITH_DIFFERENT_VENUE = "exists_with_different_venue"
    EXISTS_WITH_DIFFERENT_TO_VENUE = "exists_with_different_to_venue"
    EXISTS_WITH_DIFFERENT_DESTINATION = "exists_with_different_destination"
    EXISTS_WITH_DIFFERENT_STANDING = "exists_with_different_standing"
    UNITS_MUST_BE_POSITIVE = "units_must_be_positive"
    UNITS_EXCEED_INT64 = "units_exceed_int64"
    PARTY_IS_MALFORMED = "party_is_malformed"
    ASSET_IS_UNKNOWN = "asset_is_unknown"
    VENUE_IS_UNKNOWN = "venue_is_unknown"
    VENUES_MUST_BE_DIFFERENT = "venues_must_be_different"
    VENUE_MUST_BE_THE_PARTY = "venue_must_be_the_party"
    POOL_HAS_NO_COMPARTMENTS = "pool_has_no_compartments"
    DESTINATION_IS_REQUIRED = "destination_is_required"
    APPROVAL_WAS_DECLINED = "approval_was_declined"
    SAID_BEFORE_WITH_DIFFERENT_REFERENCE = "said_before_with_different_reference"
    DEADLINE_HAS_PASSED = "deadline_has_passed"
    ACT_IS_NOT_LISTED = "act_is_not_listed"
    DEADLINE_HAS_NOT_PASSED = "deadline_has_not_passed"
    CONFIRMATIONS_ARE_NOT_MORE = "confirmations_are_not_more"
    DELAY_IS_NOT_OVER = "delay_is_not_over"
    IS_STILL_BLOCKED = "is_still_blocked"
    BOOKS_REFUSED = "books_refused"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same call could be accepted later, once something else has happened."""
        return self in _RETRY_MAY_SUCCEED


_RETRY_MAY_SUCCEED = frozenset({
    MovementRefusal.MOVEMENT_NOT_FOUND,
    MovementRefusal.ASSET_IS_UNKNOWN,
    MovementRefusal.VENUE_IS_UNKNOWN,
    MovementRefusal.DEADLINE_HAS_NOT_PASSED,
    MovementRefusal.DELAY_IS_NOT_OVER,
    MovementRefusal.IS_STILL_BLOCKED,
    MovementRefusal.BOOKS_REFUSED,
})  # fmt: skip
