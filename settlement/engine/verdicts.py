"""Why something that a venue said is not taken: of a whole report, or of one entry of a report that is.

A report is the venue's signed word on a stretch of numbers, so it is never half taken in silence: an entry that cannot
be true is written down as refused, with the reason, and the entries behind it are booked. The venue says it anew under
another number.
"""

from enum import StrEnum


class ReportRefusal(StrEnum):
    """Why a report is not taken; where several hold, the earlier is the answer."""

    UNKNOWN_VENUE = "unknown_venue"
    TOO_MANY_ENTRIES = "too_many_entries"
    NOT_SIGNED_BY_THE_VENUE = "not_signed_by_the_venue"
    CONTRADICTS_AN_EARLIER_REPORT = "contradicts_an_earlier_report"
    """The venue has signed other content under a number that it had used: kept as evidence."""

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same report could be taken later: once its venue is known."""
        return self is ReportRefusal.UNKNOWN_VENUE


class EntryRefusal(StrEnum):
    """Why an entry is not booked; where several hold, the earlier is the answer."""

    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_CAUSE = "unknown_cause"
    OCCURRED_TOO_LONG_AGO = "occurred_too_long_ago"
    OCCURRED_IN_THE_FUTURE = "occurred_in_the_future"
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    UNKNOWN_ACCOUNT = "unknown_account"
    BUYER_IS_SELLER = "buyer_is_seller"
    LOTS_MUST_BE_POSITIVE = "lots_must_be_positive"
    PRICE_MUST_BE_POSITIVE = "price_must_be_positive"
    OFF_TICK = "off_tick"
    WORTH_EXCEEDS_RANGE = "worth_exceeds_range"
    CANNOT_EXPIRE = "cannot_expire"
    """A perpetual, or an option before its hour."""
    NOT_AS_SIGNED = "not_as_signed"
    """The actions behind a fill are not shown, do not count, or are about something else."""
    INSTRUMENT_EXPIRED = "instrument_expired"
    ABOUT_NO_BOOKED_FILL = "about_no_booked_fill"
    ALREADY_UNDONE = "already_undone"
    OLDER_THAN_THE_LAST = "older_than_the_last"
    """A mark or funding index from before the one that is known."""

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the same statement, under a new number, could be booked later."""
        return self in _RETRY_MAY_SUCCEED

    @property
    def code(self) -> int:
        """Its number in columns of verdicts, where 0 is a booked entry. Not stored: the word is."""
        return _CODES[self]


_RETRY_MAY_SUCCEED = frozenset({
    EntryRefusal.OCCURRED_IN_THE_FUTURE,
    EntryRefusal.UNKNOWN_INSTRUMENT,
    EntryRefusal.UNKNOWN_ACCOUNT,
    EntryRefusal.CANNOT_EXPIRE,
    EntryRefusal.NOT_AS_SIGNED,
    EntryRefusal.ABOUT_NO_BOOKED_FILL,
})  # fmt: skip

BOOKED = 0
_CODES = {refusal: place for place, refusal in enumerate(EntryRefusal, 1)}
_BY_CODE = dict(enumerate(EntryRefusal, 1))


def refusal_of(code: int) -> EntryRefusal:
    """The refusal of a code other than `BOOKED`."""
    return _BY_CODE[code]
