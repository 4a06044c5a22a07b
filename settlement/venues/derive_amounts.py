"""Decimal texts as the ints that actions carry, without a binary float on the way."""

from decimal import Decimal, InvalidOperation

from settlement.venues.derive_actions import ActionError

E18 = 18
"""Decimals of everything but tokens: those have their own."""
_LONGEST = 100  # digits: no word holds as many


def scaled(text: str, decimals: int, *, exact: bool = False) -> int:
    """A decimal text × 10^decimals. Digits below one unit are cut off (toward zero) or, if `exact`, refused.

    Raises ActionError; never goes through a binary float.
    """
    try:
        number = Decimal(text)
    except (InvalidOperation, TypeError, ValueError):
        raise ActionError(f"{text!r} is no decimal number") from None
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or abs(exponent + decimals) > _LONGEST or len(digits) > _LONGEST:
        raise ActionError(f"{text!r} is no number that a word of 256 bits could hold")
    shift, whole = exponent + decimals, int("".join(map(str, digits)))
    units, below = (whole * int(10**shift), 0) if shift >= 0 else divmod(whole, int(10**-shift))
    if exact and below:
        raise ActionError(f"{text} has more than {decimals} decimals")
    return -units if sign else units
