"""What it costs that positions which offset stand apart: closed forms for equal, normal exposures.

Duffie and Zhu (2011, eqs 4 to 6; from knowledge of the paper, its page was not read again): N participants hold K
classes of contracts with each other, each exposure independent N(0, σ²), and E[max(X, 0)] = σ√(1/2π). Cleared through
one house, a class nets among all participants and no longer with the other classes between two. In units of σ.
"""

from margin.fixed import ONE, Fixed
from margin.functions import root

_ONE_OVER_TWO_PI = Fixed.of("0.159154943091895336")


def bilateral(participants: int, classes: int) -> Fixed:
    """Expected exposure of one participant with no clearing house: (N − 1)√(K/2π)."""
    return (participants - 1) * root(classes * _ONE_OVER_TWO_PI)


def one_class_cleared(participants: int, classes: int) -> Fixed:
    """The same with one class cleared: √((N − 1)/2π) + (N − 1)√((K − 1)/2π)."""
    return root((participants - 1) * _ONE_OVER_TWO_PI) + bilateral(participants, classes - 1)


def clearing_one_class_helps(participants: int, classes: int) -> bool:
    """Whether it lowers expected exposure: K < N² / (4(N − 1)), exactly."""
    return 4 * classes * (participants - 1) < participants * participants


def separate_houses(classes: int) -> Fixed:
    """Expected exposure to K houses, one a class, over that to one for all: √K."""
    return root(Fixed.of(classes))


def lost_netting(venues: int, correlation: Fixed) -> Fixed:
    """Margin of legs at M venues over that of the portfolio that they are: √(M / (1 + (M − 1)ρ)).

    Equal volatility, pairwise correlation above −1/(M − 1); ValueError at and below it, where the portfolio is riskless
    or impossible.
    """
    together = ONE + (venues - 1) * correlation
    if together <= 0:
        raise ValueError(f"{venues} legs with a pairwise correlation of {correlation} are no portfolio with risk")
    return root(Fixed.of(venues) / together)
