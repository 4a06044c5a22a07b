"""A waterfall that could not be carried out, or that would break the ring-fence, cannot be written down."""

import pytest

from margin.adl import AdlPrice, AdlRank, AdlTerms
from margin.default_waterfall import Custody, Means, Step, Waterfall, WaterfallError
from margin.insurance_fund import FallRule
from margin.liquidation_rule import LiquidationRule


def test_what_one_payer_pays_and_what_many() -> None:
    many = [means for means in Means if not means.of_one_payer]
    assert many == [Means.ADL, Means.WINNERS, Means.CLAIMS]


@pytest.mark.parametrize(
    ("custody", "step", "why"),
    [
        (Custody.SEGREGATED, Step(Means.CLAIMS, "all", "", "A"), "another client's compartment"),
        (Custody.POOLED, Step(Means.ADL, "all", "", "A"), "terms of deleveraging"),
        (Custody.POOLED, Step(Means.WINNERS, "all", "", "A", adl=AdlTerms(AdlRank.PRO_RATA, AdlPrice.MARK, False)),
         "terms of deleveraging"),
        (Custody.POOLED, Step(Means.VENUE_CAPITAL, "all", "", "A", FallRule(1, 1)), "only an insurance fund"),
    ],
)  # fmt: skip
def test_a_waterfall_that_cannot_be_is_a_fault(custody: Custody, step: Step, why: str) -> None:
    with pytest.raises(WaterfallError, match=why):
        Waterfall("x", "x", custody, "", "", LiquidationRule(), (step,))
