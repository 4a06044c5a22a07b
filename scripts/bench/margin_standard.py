"""Standard margin's worst settlement of one expiry, against asking every option at every strike."""

from collections.abc import Callable, Iterator, Sequence
from random import Random

from margin.fixed import Fixed
from margin.positions import Option
from margin.standard_options import worst_payoff
from scripts.bench.measure import Measure, Work, against, figure


def worst_settlements(count: int) -> Iterator[Measure]:
    """Both exactly, in ints; and how a walk grows with the options."""
    draw = Random(2)
    many = [option_of(draw, number) for number in range(count)]
    few = many[: count // 4]
    if worst_payoff(many) != Fixed(-(-quadratic(many) // 10**18)):
        raise RuntimeError("the bench's worst settlements differ")

    def walk(options: list[Option]) -> Callable[[], Work]:
        return lambda: lambda: len([worst_payoff(options) for _ in range(20)])

    yield against(
        "srm_max_loss_vs_quadratic", walk(many), "every option at every strike",
        lambda: lambda: len([quadratic(many) for _ in range(2)]),
    )  # fmt: skip
    grown = against("srm_growth", walk(few), "four times the options", walk(many))
    yield figure("srm_growth", grown.ratio, "times as long for four times the options; quadratic would be 16")


def option_of(draw: Random, number: int) -> Option:
    amount = Fixed.of(draw.randint(-100, 100)) / 10
    return Option(86_400, Fixed.of(1_000 + 10 * number), draw.random() < 0.5, amount)


def quadratic(options: Sequence[Option]) -> int:
    """The least that options pay, every one asked at every strike; in 1e-36 USD, as ints: the contract's way."""
    legs = [(one.is_call, one.strike.units, one.amount.units) for one in options]
    return min(
        0,
        *(
            sum(amount * max(price - strike if is_call else strike - price, 0) for is_call, strike, amount in legs)
            for price in (0, *(strike for _, strike, _ in legs))
        ),
    )
