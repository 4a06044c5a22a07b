"""The custodian defaults: where the trust holds, everything goes to a successor after a while; where not, pro rata.

(specs/off_exchange_settlement.md §3.) Where the trust fails the custodian's other creditors share in what it held, and
every account of this custodian, a venue's own collateral included, recovers the same part of what it is owed. Nobody at
another custodian pays or waits. What is recovered of a pooled venue's omnibus goes to the clients whose claims hang off
it, pro rata: the venue is this custodian's client, and they are the venue's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

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
    what the custodian owes elsewhere, which counts only where the trust fails. `claim_units`: of each pooled venue the
    claims of its clients on its omnibus, by their names.
    """

    declared_at_s: int
    delay_s: int
    trust_holds: bool
    owed_units: Mapping[Account, int]
    found_units: int
    other_creditors_units: int = 0
    claim_units: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: MappingProxyType({}))


def custodian_default(chart: Chart, facts: CustodianDefault) -> Distribution:
    """What leaves the books for each account's owner, and what the custodian, or a pooled venue, goes on owing.

    What a venue's clients lack is not over and above what the venue lacks: it is owed that for them. Negative amounts
    raise MoneyError.
    """
    accounts = {account.id: account for account in facts.owed_units}
    claims = {account.id: units for account, units in sorted(facts.owed_units.items(), key=lambda item: item[0].id)}
    others = {} if facts.trust_holds else {OTHER_CREDITORS: facts.other_creditors_units}
    paid = pro_rata(facts.found_units, claims | others)
    at_s, vault = facts.declared_at_s + facts.delay_s, chart.vault()
    leaves = [Payment(at_s, accounts[name], vault, paid[name], Reason.WITHDRAWAL) for name in claims]
    unpaid = list(left_over(CUSTODIAN, claims, paid))
    for venue, hanging in sorted(facts.claim_units.items()):
        behind = dict(sorted(hanging.items()))
        shared = pro_rata(paid.get(chart.omnibus(venue).id, 0), behind)
        leaves += [
            Payment(at_s, chart.claim(client, venue), chart.pool(venue), shared[client], Reason.WITHDRAWAL)
            for client in behind
        ]
        unpaid += left_over(venue, behind, shared)
    return Distribution(without_empty(leaves), tuple(unpaid))
