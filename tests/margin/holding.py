"""A venue with the specification's test parameters (§13), and accounts on it, told with few words."""

from collections.abc import Mapping
from dataclasses import replace

from margin.fixed import ONE, Fixed
from margin.marks import Expiry, Mark, Market, Quotes
from margin.portfolio import PortfolioMargin, PortfolioParameters, portfolio_margin
from margin.portfolio_parameters import (
    BasisContingency,
    CollateralContingency,
    CollateralPortfolio,
    MarginFactors,
    PlainFactors,
    PlainPortfolio,
    Scenario,
    SkewShock,
    StaticContingency,
    VolShock,
    VolShocks,
)
from margin.positions import Collateral, Holdings, Option
from margin.standard import StandardMargin, standard_margin
from margin.standard_parameters import (
    BaseValue,
    Depeg,
    OptionRequirement,
    OracleContingency,
    PerpRequirement,
    StandardMarket,
    StandardParameters,
)

DAY_S = 86_400
WEEK_S = 7 * DAY_S


def fixed(text: object) -> Fixed:
    """A number from its decimal text: `fixed(0.15)` is 0.15."""
    return Fixed.of(str(text))


def call(strike: object, amount: object, seconds: int = WEEK_S) -> Option:
    return Option(seconds, fixed(strike), True, fixed(amount))


def put(strike: object, amount: object, seconds: int = WEEK_S) -> Option:
    return Option(seconds, fixed(strike), False, fixed(amount))


def expiry(
    forward: object = 1500,
    seconds: int = WEEK_S,
    vol: object = "0.8",
    strikes: range = range(0, 4001, 50),
    **more: Fixed,
) -> Expiry:
    quoted = Quotes({fixed(strike): fixed(vol) for strike in strikes})
    return Expiry(seconds, fixed(forward), quoted, **more)


def market(*expiries: Expiry, spot: object = 1500, perp: object = 1510, **confidence: object) -> Market:
    """`spot_confidence` and `perp_confidence` are 1 unless told."""
    some = expiries or (expiry(),)
    sure = {name: fixed(confidence.get(f"{name}_confidence", 1)) for name in ("spot", "perp")}
    return Market(Mark(fixed(spot), sure["spot"]), Mark(fixed(perp), sure["perp"]), {one.seconds: one for one in some})


STANDARD = StandardMarket(
    PerpRequirement(mm_req=fixed("0.05"), im_req=fixed("0.065")),
    OptionRequirement(
        max_spot_req=fixed("0.15"),
        min_spot_req=fixed("0.1"),
        mm_call_spot_req=fixed("0.075"),
        mm_put_spot_req=fixed("0.075"),
        mm_put_mtm_req=fixed("0.075"),
        unpaired_im_scale=fixed("1.2"),
        unpaired_mm_scale=fixed("1.1"),
        mm_offset_scale=fixed("1.05"),
    ),
    OracleContingency(fixed("0.4"), fixed("0.4"), fixed("0.4"), fixed("0.4")),
    BaseValue(margin_factor=fixed("0.8"), im_scale=ONE),
)
DEPEG = Depeg(fixed("0.98"), fixed("1.2"))


def standard(
    held: Holdings | Mapping[str, Holdings],
    feeds: Market | Mapping[str, Market] | None = None,
    *,
    cash: object = 0,
    stable: object = 1,
    parameters: StandardMarket = STANDARD,
) -> StandardMargin:
    """Standard margin of one market, or of several by name with the same parameters."""
    held = {"ETH": held} if isinstance(held, Holdings) else held
    live = feeds if isinstance(feeds, Mapping) else dict.fromkeys(held, feeds or market())
    every = StandardParameters(DEPEG, dict.fromkeys(held, parameters))
    return standard_margin(every, fixed(stable), live, fixed(cash), held)


def scenarios(*some: str) -> tuple[Scenario, ...]:
    """From texts such as `1.15 up` or `2 up 0.1`."""
    rows = [one.split() for one in some]
    return tuple(Scenario(fixed(row[0]), VolShock(row[1]), fixed(row[2]) if row[2:] else ONE) for row in rows)


MIDDLE = tuple(
    f"{spot} {side}" for spot in ("1.15", "1.1", "1.05", "1", "0.95", "0.9", "0.85") for side in ("up", "none", "down")
)
VOLS = VolShocks(fixed("0.45"), fixed("0.3"), fixed("0.3"), fixed("0.13"), DAY_S)
BASIS = BasisContingency(fixed("1.05"), fixed("0.95"), fixed("0.25"), fixed("0.01"))

PLAIN = PlainPortfolio(
    scenarios(*MIDDLE),
    BASIS,
    StaticContingency(
        peg_loss_threshold=fixed("0.98"),
        peg_loss_factor=fixed(2),
        conf_threshold=fixed("0.6"),
        conf_margin=fixed("0.5"),
        base_percent=fixed("0.02"),
        perp_percent=fixed("0.03"),
        option_percent=fixed("0.01"),
    ),
    PlainFactors(fixed("1.3"), fixed("0.95"), fixed(4), fixed("0.05")),
    VOLS,
)
"""PMRM's test parameters; the share of a perpetual is 3% where the specification has 2%, so that base differs."""

GENERAL = CollateralPortfolio(
    scenarios(*MIDDLE, "0.34 up 0.21", "3 up 0.0693", "1 linear", "1 abs"),
    BasisContingency(fixed("1.045"), fixed("0.955"), fixed("0.5"), fixed(2)),
    CollateralContingency(
        peg_loss_threshold=fixed("0.98"),
        peg_loss_factor=fixed(2),
        conf_threshold=fixed("0.55"),
        conf_margin=ONE,
        mm_perp_percent=fixed("0.015"),
        im_perp_percent=fixed("0.005"),
        mm_option_percent=fixed("0.003"),
        im_option_percent=fixed("0.002"),
    ),
    MarginFactors(
        im_factor=ONE,
        mm_factor=fixed("0.8"),
        short_rate_mult_scale=fixed("0.5"),
        long_rate_mult_scale=ONE,
        short_rate_add_scale=fixed("0.08"),
        long_rate_add_scale=fixed("0.07"),
        short_base_static_discount=fixed("1.04"),
        long_base_static_discount=fixed("0.95"),
    ),
    replace(VOLS, vol_range_up=fixed("0.5"), vol_range_down=fixed("0.275"), min_vol_up_shock=fixed("0.45")),
    SkewShock(
        linear_base_cap=fixed("0.15"),
        abs_base_cap=fixed("0.16"),
        linear_c_base=fixed("-0.05"),
        abs_c_base=fixed("-0.04"),
        min_k_star=fixed("0.01"),
        width_scale=fixed(4),
        vol_param_static=fixed("0.6"),
        vol_param_scale=fixed("-0.1"),
    ),
)
"""PMRM_2 as its public vectors mostly have it, but for numbers that would be the same twice."""


def portfolio(
    held: Holdings,
    feeds: Market | None = None,
    *,
    parameters: PortfolioParameters = PLAIN,
    cash: object = 0,
    stable: object = 1,
) -> PortfolioMargin:
    return portfolio_margin(parameters, fixed(stable), feeds or market(), fixed(cash), held)


def collateral(amount: object = 1, price: object = 1500, *, cancels: bool = True, confidence: object = 1) -> Collateral:
    return Collateral("ETH", fixed(amount), fixed(price), fixed(confidence), cancels, fixed("0.04"), fixed("0.03"))
