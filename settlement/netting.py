"""From unsettled P&L to obligations: who pays what in which asset, and who bears what a debtor cannot pay.

A debtor pays in the settlement asset first and then in kind, at its price less a spread, to the venue, which pays the
winners in the settlement asset. What is left is a shortfall: the fund pays, then the venue's own capital, and the rest
comes off the gains of the cycle's winners. No row ever takes from a party more than it holds or gained.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from custody.collateral import BPS, Schedule
from custody.money import mul_div_down
from margin.waterfall import Layer, absorb, share_among_winners
from settlement.mirror import FUND, HOUSE

VENUE_CAPITAL = "venue capital"


class NettingError(ValueError):
    """Dues that do not sum to zero: no payment plan can be right."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """Signed units of one asset that one party receives (positive) or pays in one cycle."""

    party: str
    asset: str
    units: int


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What one debtor could not pay (1e-6 USD), who paid it instead, and which creditors go without."""

    debtor: str
    units: int
    paid_by: tuple[tuple[str, int], ...]
    unpaid_to: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a cycle is paid. `skin_units` is the most the venue's own capital gives in one cycle (1e-6 USD)."""

    schedule: Schedule
    settlement_asset: str
    conversion_spread_bps: int
    skin_units: int


@dataclass(frozen=True, slots=True)
class PaymentPlan:
    """Obligations that sum to zero per asset, sorted by asset and party, and the shortfalls behind them."""

    obligations: tuple[Obligation, ...]
    shortfalls: tuple[Shortfall, ...]

    def of(self, party: str, asset: str) -> int:
        return sum(o.units for o in self.obligations if (o.party, o.asset) == (party, asset))


def plan_payments(
    dues: Mapping[str, int],
    holdings: Mapping[str, Mapping[str, int]],
    prices_e6: Mapping[str, int],
    terms: Terms,
) -> PaymentPlan:
    """Turn dues (1e-6 USD, summing to zero, HOUSE and FUND among the parties) into obligations.

    `holdings` gives each party's spendable ledger units by asset, `prices_e6` what they are taken at (1e-6 USD per
    whole coin): what has no price is not taken. HOUSE and FUND pay whatever they owe: whether their collateral covers
    it is for the caller to see (`PaymentPlan.of`). Raises NettingError if the dues do not balance.
    """
    if sum(dues.values()):
        raise NettingError(f"dues sum to {sum(dues.values())}, not to zero")
    owed: dict[tuple[str, str], int] = defaultdict(int)
    missing: dict[str, int] = {}
    settled_in = terms.settlement_asset
    for party, due in sorted(dues.items()):
        owed[settled_in, party] += due
        if due < 0 and party not in (HOUSE, FUND):
            missing[party] = _pay(party, -due, holdings.get(party, {}), prices_e6, terms, owed)
    shortfalls = _cover(missing, dues, holdings, terms, owed)
    obligations = tuple(Obligation(party, asset, units) for (asset, party), units in sorted(owed.items()) if units)
    return PaymentPlan(obligations, shortfalls)


def _pay(
    debtor: str,
    units: int,
    held: Mapping[str, int],
    prices_e6: Mapping[str, int],
    terms: Terms,
    owed: dict[tuple[str, str], int],
) -> int:
    """Let a debtor pay in each asset in turn; returns what is missing. `owed` already holds its whole debt."""
    settled_in = terms.settlement_asset
    missing = max(units - held.get(settled_in, 0), 0)
    for asset, eligible in terms.schedule.items():
        have = held.get(asset, 0)
        if asset == settled_in or not missing or not have or asset not in prices_e6:
            continue
        price, scale = prices_e6[asset] * (BPS - terms.conversion_spread_bps), 10**eligible.asset.scale * BPS
        give = min(have, -(-missing * scale // price))
        worth = min(mul_div_down(give, price, scale), missing)
        missing -= worth
        owed[asset, debtor] -= give
        owed[asset, HOUSE] += give
        # The venue takes the asset and stands in with the settlement asset for it.
        owed[settled_in, debtor] += worth
        owed[settled_in, HOUSE] -= worth
    owed[settled_in, debtor] += missing
    return missing


def _cover(
    missing: Mapping[str, int],
    dues: Mapping[str, int],
    holdings: Mapping[str, Mapping[str, int]],
    terms: Terms,
    owed: dict[tuple[str, str], int],
) -> tuple[Shortfall, ...]:
    """Lay each shortfall on the fund, the venue's capital and the cycle's winners, in this order; names kept."""
    settled_in, gains = terms.settlement_asset, {party: due for party, due in dues.items() if due > 0}
    # What the fund itself owes in this cycle is spent before it stands in for anybody.
    fund_left = max(holdings.get(FUND, {}).get(settled_in, 0) + min(dues.get(FUND, 0), 0), 0)
    skin_left = terms.skin_units
    shortfalls = []
    for debtor, units in sorted(missing.items()):
        if not units:
            continue
        paid = absorb(units, (Layer(FUND, fund_left), Layer(VENUE_CAPITAL, skin_left)))
        by = dict(paid.drawn)
        fund_left, skin_left = fund_left - by[FUND], skin_left - by[VENUE_CAPITAL]
        borne = share_among_winners(paid.unabsorbed_units, gains)
        for party, part in borne.items():
            gains[party] -= part
            owed[settled_in, party] -= part
        owed[settled_in, FUND] -= by[FUND]
        owed[settled_in, HOUSE] -= by[VENUE_CAPITAL]
        drawn = tuple((payer, part) for payer, part in paid.drawn if part)
        unpaid = tuple((party, part) for party, part in sorted(borne.items()) if part)
        shortfalls.append(Shortfall(debtor, units, drawn, unpaid))
    return tuple(shortfalls)
