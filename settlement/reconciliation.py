"""Three records of the same things compared: the custodian's books, the mirror, the chain. A difference is a break."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from custody.accounts import Code, Totals
from custody.faults import TrialBalance

CLAIM_CODES = frozenset({Code.DELEGATED, Code.VENUE_COLLATERAL, Code.INSURANCE, Code.GUARANTEE, Code.OMNIBUS})
"""What is tokenised: all that stands at a venue. A pooled claim is on the omnibus, which is counted already."""


@dataclass(frozen=True, slots=True)
class Break:
    """A difference between two records: what was compared, of whom, and what each says (ledger units or lots)."""

    what: str
    whose: str
    expected: int
    found: int

    def __str__(self) -> str:
        return f"{self.what} of {self.whose}: expected {self.expected:,}, found {self.found:,}"


def trial_balance_breaks(rows: Iterable[TrialBalance]) -> list[Break]:
    """Assets whose debits and credits, recounted from the transfers, differ."""
    return [Break("trial balance", row.asset, row.debits, row.credits) for row in rows if row.debits != row.credits]


def zero_sum_breaks(what: str, sums: Mapping[str, int]) -> list[Break]:
    """Instruments whose positions do not sum to zero."""
    return [Break(what, name, 0, total) for name, total in sorted(sums.items()) if total]


def difference_breaks(what: str, expected: Mapping[str, int], found: Mapping[str, int]) -> list[Break]:
    """Whatever two records state differently, one side's silence counting as zero."""
    names = sorted(expected.keys() | found.keys())
    pairs = ((name, expected.get(name, 0), found.get(name, 0)) for name in names)
    return [Break(what, *pair) for pair in pairs if pair[1] != pair[2]]


def claims_in_ledger(accounts: Mapping[str, Code], totals: Mapping[str, Totals]) -> dict[str, int]:
    """Per asset, what the ledger says stands at venues: the supply that each claim token must have."""
    claims: dict[str, int] = {}
    for account_id, code in accounts.items():
        asset = account_id.partition("/")[0]
        claims.setdefault(asset, 0)
        if code in CLAIM_CODES:
            claims[asset] += totals[account_id].balance
    return claims


def pooled_breaks(accounts: Mapping[str, Code], totals: Mapping[str, Totals]) -> list[Break]:
    """Venues whose clients' claims, pool and omnibus balance do not say the same, per asset."""
    stands: dict[Code, dict[str, int]] = {Code.OMNIBUS: {}, Code.CLAIM: {}, Code.POOL: {}}
    for account_id, code in accounts.items():
        if code not in stands:
            continue
        asset, *path = account_id.split("/")
        at = f"{asset} at {path[-1] if code is Code.CLAIM else path[1]}"
        # The pool is debit-normal: what the venue's own book says it has is a negative balance.
        units = -totals[account_id].balance if code is Code.POOL else totals[account_id].balance
        stands[code][at] = stands[code].get(at, 0) + units
    omnibus = stands[Code.OMNIBUS]
    return [
        *difference_breaks("claims on the omnibus", omnibus, stands[Code.CLAIM]),
        *difference_breaks("pool", omnibus, stands[Code.POOL]),
    ]
