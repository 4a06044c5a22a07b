"""What is measured of a run: each metric by name, with its unit and definition; `figures` reads them off a run.

Definitions: specs/contagion.md §10. All money is in $ of what is represented: the simulated accounts' times their
weight. Those of `BY_ACCOUNT` are sums over accounts, so that an interval over accounts can be told; the others belong
to the market as a whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from margin.contagion.payers import Payer


@dataclass(frozen=True, slots=True)
class Metric:
    """`harm`: more of it is worse for somebody; of the others neither more nor less is."""

    name: str
    unit: str
    definition: str
    harm: bool = True


_PAID = tuple(Metric(f"paid_{one}_usd", "$", f"shortfall that {one.replace('_', ' ')} bore") for one in Payer)
METRICS = (
    Metric("liquidated_usd", "$", "forced notional, summed"),
    Metric("accounts_liquidated", "1", "clients with a forced order, each once"),
    Metric("long_share", "1", "part of forced notional that was long", harm=False),
    Metric("first_round_usd", "$", "forced notional of the same run without price impact"),
    Metric("amplification", "1", "forced notional over that of the first round"),
    Metric("loss_usd", "$", "wealth that clients with a loss are short of, what they brought included"),
    Metric("loss_amplification", "1", "loss over that of the first round"),
    Metric("reproduction", "1", "R_t at the path's 8 steepest new lows: next minute's forced sales by 1% more now"),
    Metric("reproduction_small", "1", "the same by 0.1% more: equal where the response is linear"),
    Metric("branching_ratio", "1", "forced sales of a minute on those before, fitted: a cross-check of R_t"),
    Metric("shortfall_usd", "$", "what accounts owed beyond their collateral, by all payers but own margin"),
    *_PAID,
    Metric("innocent_loss_usd", "$", "lost for others, and to hedge again, by accounts that never breached"),
    Metric("trapped_usd_hours", "$·h", "idle at a venue while the same client is in call at another, over time"),
    Metric("liquidity_need_1h_usd", "$", "largest sum brought from outside within an hour"),
    Metric("liquidity_need_p99_usd", "$", "99th percentile over clients of what each brought from outside"),
    Metric("overshoot_bps", "bps", "deepest displacement of the first instrument; below zero", harm=False),
    Metric("half_life_s", "s", "from there until half of it is left; to the end of the run where never"),
    Metric("recovery_s", "s", "from its peak until a tenth of the passing displacement is left; to the end if never"),
    Metric("unsecured_peak_usd", "$", "winners' unsettled gains at their peak"),
    Metric("claims_at_default_usd", "$", "what was claimed of a venue in default"),
    Metric("cost_bps_year", "bps a year", "of balances: custody's fee, and capital for what must be held besides"),
    Metric("cost_fee_bps_year", "bps a year", "of it the custodian's fee"),
    Metric("cost_haircuts_bps_year", "bps a year", "of it capital for what custody's haircuts take away"),
    Metric("cost_netting_bps_year", "bps a year", "of it capital for margin that locked legs no longer share"),
    Metric("gini_of_losses", "1", "0 where all clients lose alike, near 1 where one loses all", harm=False),
    Metric("supercritical", "1", "part of runs in which forced orders moved a price by over 20% within a minute"),
)  # fmt: skip
"""In the order of the specification."""
FROM_FIRST_ROUND = ("first_round_usd", "amplification", "loss_amplification")
"""What only a second run, without impact, can tell."""
BY_ACCOUNT = ("liquidated_usd", "accounts_liquidated", "loss_usd", "innocent_loss_usd")


def amplified(whole: Mapping[str, float], first: Mapping[str, float], name: str) -> float:
    """A figure over that of the first round; 0 where there is none, or it is nothing."""
    return whole[name] / first[name] if first.get(name) else 0.0
