"""Derive's names of instruments and the 96-bit sub-ids that they stand for (specs/derive_actions.md §5)."""

import re
from datetime import UTC, datetime

from margin.instruments import InstrumentError, Kind, option_sub_id

PERP = re.compile(r"[A-Z0-9]+-PERP")
OPTION = re.compile(r"[A-Z0-9]+-(\d{8})-(\d+(?:\.\d+)?)-([CP])")
KINDS = {"C": Kind.CALL, "P": Kind.PUT}
EXPIRY_HOUR = 8
"""UTC, of the day in the name."""


def sub_id_of(name: str) -> int:
    """The sub-id of `ETH-20270625-6000-P` or, 0, of `ETH-PERP`.

    Raises InstrumentError for any other form, a day that is none, more than 8 decimals, and what 96 bits cannot hold.
    """
    if PERP.fullmatch(name):
        return 0
    found = OPTION.fullmatch(name)
    if found is None:
        raise InstrumentError(f"{name!r} is no name such as ETH-20270625-6000-P or ETH-PERP")
    day, strike, kind = found.groups()
    try:
        expiry = datetime(int(day[:4]), int(day[4:6]), int(day[6:]), EXPIRY_HOUR, tzinfo=UTC)
    except ValueError as why:
        raise InstrumentError(f"{name}: {day} is no day") from why
    whole, _, decimals = strike.partition(".")
    if len(decimals) > 8:
        raise InstrumentError(f"{name}: a strike has at most 8 decimals")
    return option_sub_id(KINDS[kind], int(whole + decimals.ljust(8, "0")), int(expiry.timestamp()))
