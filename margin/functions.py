"""Root, exponential, logarithm, power and the normal distribution of fixed-point numbers, by integer series.

Each is within 1e-18 of the true value for arguments that margin meets (|x| ≤ 60): inside, 64 bits more are carried than
the result has. No library of the machine is asked, so every machine gives the same digits.
"""

from math import isqrt

from margin.fixed import ONE, SCALE, ZERO, Fixed, FixedError, cut

BITS = 160
"""Binary digits carried below one."""
MOST_BITS = 10_000
"""An exponential with more than this above one is refused: it would fill the memory, and is no price."""
_ONE = 1 << BITS
_HALF_BIT = 1 << (BITS - 1)


def root(x: Fixed) -> Fixed:
    """√x, cut. FixedError below zero."""
    if x.units < 0:
        raise FixedError(f"{x} has no root")
    return Fixed(isqrt(x.units * SCALE))


def exp(x: Fixed) -> Fixed:
    """e^x. FixedError for one that no margin has."""
    return _out(_exp(_in(x)))


def ln(x: Fixed) -> Fixed:
    """The natural logarithm. FixedError at or below zero."""
    if x.units <= 0:
        raise FixedError(f"{x} has no logarithm")
    return _out(_ln(_in(x)))


def power(x: Fixed, y: Fixed) -> Fixed:
    """x^y for x > 0; 0^y is 0 for y > 0. FixedError elsewhere."""
    if x == 0 and y > 0:
        return ZERO
    if x.units <= 0:
        raise FixedError(f"{x} has no power {y}")
    return _out(_exp(_times(_in(y), _ln(_in(x)))))


def normal_cdf(x: Fixed) -> Fixed:
    """The standard normal distribution function.

    N(x) = 1/2 + φ(x)·(x + x³/3 + x⁵/(3·5) + …) (Abramowitz and Stegun, 26.2.11): all terms have one sign, so nothing
    cancels. Beyond 9 the tail is under 1e-18.
    """
    if abs(x) > 9:
        return ONE if x.units > 0 else ZERO
    point = _in(x)
    square = _times(point, point)
    term = series = point
    odd = 1
    while term:
        odd += 2
        term = cut(_times(term, square), odd)
        series += term
    return _out(_HALF_BIT + _times(_times(_exp(-square >> 1), series), _INVERSE_ROOT_OF_TWO_PI))


def _in(x: Fixed) -> int:
    return (x.units << BITS) // SCALE


def _out(x: int) -> Fixed:
    """To the nearest unit."""
    return Fixed((x * SCALE + _HALF_BIT) >> BITS)


def _times(x: int, y: int) -> int:
    return (x * y) >> BITS


def _exp(x: int) -> int:
    """2^k·e^r with |r| ≤ ln 2 / 2, and e^r = (e^(r/16))^16 by its series."""
    twos = (x + (_LN_TWO >> 1)) // _LN_TWO
    if twos > MOST_BITS:
        raise FixedError(f"an exponential above 2^{MOST_BITS}")
    small = (x - twos * _LN_TWO) >> 4
    term = series = _ONE
    n = 0
    while term:
        n += 1
        term = cut(_times(term, small), n)
        series += term
    for _ in range(4):
        series = _times(series, series)
    return series << twos if twos >= 0 else series >> -twos


def _ln(x: int) -> int:
    """k·ln 2 + ln m with m in [1/√2, √2), and ln m = 2·artanh((m − 1)/(m + 1))."""
    twos = x.bit_length() - BITS - 1
    mantissa = x >> twos if twos >= 0 else x << -twos
    if mantissa * mantissa > _ONE << (BITS + 1):
        twos, mantissa = twos + 1, mantissa >> 1
    return twos * _LN_TWO + _artanh_twice(mantissa - _ONE, mantissa + _ONE)


def _artanh_twice(numerator: int, denominator: int) -> int:
    ratio = cut(numerator << BITS, denominator)
    square = _times(ratio, ratio)
    term = series = ratio
    odd = 1
    while term:
        odd += 2
        term = _times(term, square) if term > 0 else -_times(-term, square)
        series += cut(term, odd)
    return series << 1


def _pi() -> int:
    """Machin: π = 16·arctan(1/5) − 4·arctan(1/239)."""

    def arctan_of_inverse(n: int) -> int:
        term = series = _ONE // n
        odd, sign = 1, 1
        while term:
            term //= n * n
            odd, sign = odd + 2, -sign
            series += sign * (term // odd)
        return series

    return 16 * arctan_of_inverse(5) - 4 * arctan_of_inverse(239)


_LN_TWO = _artanh_twice(1, 3)
_INVERSE_ROOT_OF_TWO_PI = (1 << (2 * BITS)) // isqrt((2 * _pi()) << BITS)
