"""The custodian defaults: where the trust holds, everything goes to a successor after a while; where not, pro rata.

(specs/off_exchange_settlement.md §3.) Where the trust fails the custodian's other creditors share in what it held, and
every account of this custodian, a venue's own collateral included, recovers the same part of what it is owed. Nobody at
another custodian pays or waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from custody.accounts import Account, Chart
from custody.transfers import Reason
from margin.insolvency.distribution import Distribution, Payment, left_over, pro_rata, without_empty

CUSTODIAN = "custodian"
OTHER_CREDITORS = "other creditors"


@dataclass(frozen=True, slots=True)
class CustodianDefault:
    """A custodian that is declared in default, in units of one asset.

    `owed_units`: by account of the custodian's books, what it owes. `found_units`: what is found of the asset.
    `delay_s`: how long after the declaration the successor, or the administrator, delivers. `other_creditors_units`:
    what the custodian owes elsewhere, which counts only where the trust fails.
    """

    declared_at_s: int
    delay_s: int
    trust_holds: bool
    owed_units: Mapping[Account, int]
    found_units: int
    other_creditors_units: int = 0


def custodian_default(chart: Chart, facts: CustodianDefault) -> Distribution:
    """What leaves the books for each account's owner, and what the custodian goes on owing. Negative: MoneyError."""
    accounts = {account.id: account for account in facts.owed_units}
    claims = {account.id: units for account, units in sorted(facts.owed_units.items(), key=lambda item: item[0].id)}
    others = {} if facts.trust_holds else {OTHER_CREDITORS: facts.other_creditors_units}
    paid = pro_rata(facts.found_units, claims | others)
    at_s, vault = facts.declared_at_s + facts.delay_s, chart.vault()
    leaves = [Payment(at_s, accounts[name], vault, paid[name], Reason.WITHDRAWAL) for name in claims]
    return Distribution(without_empty(leaves), left_over(CUSTODIAN, claims, paid))
