"""What a thing costs on chain: gas of a whole transaction, or what one more of something adds to it."""

from typing import NamedTuple


class GasMeasured(NamedTuple):
    """One measure's gas; `note` says of what."""

    measure: str
    gas: int
    note: str


def marginal(full_gas: int, empty_gas: int, count: int) -> int:
    """What each of `count` adds to a transaction without them, calldata included; rounded up."""
    return -((empty_gas - full_gas) // count)
