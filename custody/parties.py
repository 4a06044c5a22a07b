"""Who takes part: the custodian, clients and venues, each by a name that can stand in ids, policies and wallets."""

import re

from custody.shapes import FieldError

CUSTODIAN = "custodian"

_PARTY = re.compile(r"custodian|(?:client|venue)/[A-Za-z0-9_.-]{1,32}")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,32}")


def require_party(field: str, party: str) -> None:
    """FieldError unless it is `custodian`, `client/NAME` or `venue/NAME`."""
    if not _PARTY.fullmatch(party):
        raise FieldError(field, f"{party!r} is no party: expected custodian, client/NAME or venue/NAME")


def require_name(field: str, name: str) -> None:
    """FieldError unless it is 1 to 32 of letters, digits, `_`, `.` and `-`, as the chart of accounts has them."""
    if not _NAME.fullmatch(name):
        raise FieldError(field, f"{name!r} is no name: expected 1 to 32 letters, digits, _, . or -")
