"""In which order who pays for a loss: a regime's own, or that of a user's waterfall as the rest of margin reads it.

Pooled: insurance fund, venue capital, then winners of the venue (auto-deleveraging by queue, or pro rata). Segregated:
the client's own top-up, the custodian's guarantee line, venue capital, and then the winners' unsettled gains, which
are unsecured claims; never another client's compartment (specs/contagion.md §5.7).
"""

from margin.adl import AdlPrice, AdlRank, AdlTerms
from margin.contagion.regimes import LossRule, Regime
from margin.default_waterfall import Custody, Means, Step, Waterfall, WaterfallError
from margin.liquidation_rule import LiquidationRule

QUEUE = AdlTerms(AdlRank.PROFIT_TIMES_LEVERAGE, AdlPrice.BANKRUPTCY, whole_positions=False)
"""The only deleveraging by queue that is simulated."""
SIMULATED = (
    Means.OWN_TOP_UP, Means.INSURANCE_FUND, Means.GUARANTEE_LINE, Means.VENUE_CAPITAL, Means.ADL, Means.WINNERS,
)  # fmt: skip


def order_of(regime: Regime) -> tuple[Means, ...]:
    """The payers of a regime; what is left after them is unpaid to winners."""
    queue = (Means.ADL,) if regime.loss_rule is LossRule.QUEUE_ADL else ()
    if regime.is_segregated:
        return (Means.OWN_TOP_UP, Means.GUARANTEE_LINE, Means.VENUE_CAPITAL, *queue)
    last = () if regime.loss_rule is LossRule.RING_FENCE else (Means.WINNERS,)
    return (Means.INSURANCE_FUND, Means.VENUE_CAPITAL, *queue, *last)


def payers_of(waterfall: Waterfall) -> tuple[Means, ...]:
    """The payers of a waterfall after the account's own collateral. Raises WaterfallError for what is not simulated."""
    if waterfall.rule != LiquidationRule():
        raise WaterfallError(
            f"{waterfall.name}: slice_bps: how accounts are closed is no part of the order of payers here: "
            "leave it out, and use --set call.slice_share=… and --set call.slice_above_usd=…"
        )
    steps = [step for step in waterfall.steps if step.means is not Means.OWN_COLLATERAL]
    for step in steps:
        _require_simulated(waterfall.name, step)
    if not steps:
        raise WaterfallError(f"{waterfall.name}: expected a payer after the account's own collateral, found none")
    return tuple(step.means for step in steps)


def applies(waterfall: Waterfall, regime: Regime) -> bool:
    """Whether it is for this form of custody."""
    return (waterfall.custody is Custody.SEGREGATED) == regime.is_segregated


def _require_simulated(name: str, step: Step) -> None:
    if step.means not in SIMULATED:
        known = ", ".join(SIMULATED)
        raise WaterfallError(f"{name}: {step.means} is not simulated: expected one of {known} ({step.payer})")
    if step.fall is not None:
        raise WaterfallError(f"{name}: fall_bps: a fund that stops early is not simulated: leave it out ({step.payer})")
    if step.adl not in (None, QUEUE):
        raise WaterfallError(
            f"{name}: expected rank = profit_times_leverage, price = bankruptcy, closes = what_is_needed, the queue "
            f"that is simulated, or means = winners for a share of all gains ({step.payer})"
        )
