"""Options of one expiry under standard margin: shorts alone, or the worst settlement (specs/derive_margin.md §4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from margin.black76 import black76
from margin.fixed import ONE, ZERO, Fixed, cut, positive, total
from margin.marks import Expiry, Market, MissingMarkError
from margin.positions import Option
from margin.standard_parameters import OptionRequirement, OracleContingency, StandardMarket, of_held


@dataclass(frozen=True, slots=True)
class Pair:
    """An amount as it enters initial and maintenance margin, in USD; negative = needed."""

    initial: Fixed = ZERO
    maintenance: Fixed = ZERO

    def __add__(self, other: "Pair") -> "Pair":
        return Pair(self.initial + other.initial, self.maintenance + other.maintenance)

    def larger(self, other: "Pair") -> "Pair":
        """The larger of each: the smaller requirement."""
        return Pair(max(self.initial, other.initial), max(self.maintenance, other.maintenance))


@dataclass(frozen=True, slots=True)
class ExpiryMargin:
    """One expiry: its options at mark; alone; at the worst settlement price; what little confidence adds."""

    seconds: int
    mark_to_market: Fixed
    isolated: Pair
    max_loss: Pair
    contingency: Fixed
    shorts: Fixed

    @property
    def margin(self) -> Pair:
        return self.isolated.larger(self.max_loss) + Pair(initial=self.contingency)


def expiry_margin(
    parameters: StandardMarket, market: Market, expiry: Expiry, options: Sequence[Option]
) -> ExpiryMargin:
    numbers = of_held(parameters.option)
    if expiry.forward <= 0:
        raise MissingMarkError(f"no forward above zero of the expiry in {expiry.seconds} s")
    values = [option.amount * _price(expiry, option) for option in options]
    shorts = -total([option.amount for option in options if option.amount < 0])
    confidence = min(market.spot.confidence, expiry.forward_confidence, expiry.volatility_confidence)
    oracle = parameters.oracle_contingency
    doubted = doubt(confidence, oracle.option_threshold, oracle)
    return ExpiryMargin(
        seconds=expiry.seconds,
        mark_to_market=total(values),
        isolated=sum(
            (
                isolated(numbers, market.spot.price, option, value)
                for option, value in zip(options, values, strict=True)
                if option.amount < 0
            ),
            Pair(),
        ),
        max_loss=_max_loss(numbers, expiry.forward, options),
        contingency=-doubted * market.spot.price * shorts,
        shorts=shorts,
    )


def _price(expiry: Expiry, option: Option) -> Fixed:
    prices = black76(expiry.forward, option.strike, expiry.surface.volatility(option.strike), expiry.seconds)
    return prices.call if option.is_call else prices.put


def isolated(parameters: OptionRequirement, spot: Fixed, short: Option, value: Fixed) -> Pair:
    """A short option alone: its value (≤ 0) and a share of spot that falls with its distance from the money."""
    distance = positive(short.strike - spot if short.is_call else spot - short.strike)
    share = max(parameters.max_spot_req - distance / spot, parameters.min_spot_req)
    spot_initial = value + share * spot * short.amount
    if short.is_call:
        return Pair(spot_initial, value + parameters.mm_call_spot_req * spot * short.amount)
    by_spot, by_value = parameters.mm_put_spot_req * spot * short.amount, parameters.mm_put_mtm_req * value
    maintenance = value + min(by_spot, by_value)
    return Pair(min(spot_initial, parameters.mm_offset_scale * maintenance), maintenance)


def _max_loss(parameters: OptionRequirement, forward: Fixed, options: Sequence[Option]) -> Pair:
    """What the expiry pays at worst, and a share of the forward for calls that no long call covers."""
    worst = worst_payoff(options)
    unpaired = min(total([option.amount for option in options if option.is_call]), ZERO) * forward
    return Pair(
        worst + parameters.unpaired_im_scale * unpaired,
        worst + parameters.unpaired_mm_scale * unpaired,
    )


def worst_payoff(options: Sequence[Option]) -> Fixed:
    """The least that options of one expiry pay together, over settlement prices of zero and every strike; at most 0.

    Between strikes the payoff is a line, so one walk over the sorted strikes finds it: linear but for the sorting,
    where asking every option at every strike would be quadratic. Sums are exact; the result is cut once.
    """
    worst = payoff = slope = price = 0
    for option in options:
        if not option.is_call:
            payoff += option.amount.units * option.strike.units
            slope -= option.amount.units
    worst = min(payoff, 0)
    for option in sorted(options, key=lambda option: option.strike.units):
        payoff += slope * (option.strike.units - price)
        price = option.strike.units
        worst = min(worst, payoff)
        slope += option.amount.units
    return Fixed(cut(worst, ONE.units))


def doubt(confidence: Fixed, threshold: Fixed, oracle: OracleContingency) -> Fixed:
    """The share that little confidence adds; `<` is strict, and a threshold of 0 is never undercut."""
    return (1 - confidence) * oracle.oc_factor if confidence < threshold else ZERO
