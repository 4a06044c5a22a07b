"""Records compared: a break for every difference, in words that hold both figures, and none where there is none."""

import pytest

from custody.accounts import Account, Chart, Code, Totals
from custody.faults import TrialBalance
from settlement.reconciliation import (
    CLAIM_CODES,
    Break,
    claims_in_ledger,
    difference_breaks,
    pooled_breaks,
    trial_balance_breaks,
    zero_sum_breaks,
)

CHART, BTC = Chart("USDC"), Chart("BTC")

Held = dict[Account, int]


def books(held: Held) -> tuple[dict[str, Code], dict[str, Totals]]:
    """Accounts with these balances; a negative one is the vault's or the pool's."""
    totals = {
        account.id: Totals(debits_posted=max(-units, 0), credits_posted=max(units, 0))
        for account, units in held.items()
    }
    return {account.id: account.code for account in held}, totals


def test_a_break_reads_as_a_sentence() -> None:
    told = str(Break("token supply", "USDC", 1_000_000, -5))
    assert told == "token supply of USDC: expected 1,000,000, found -5"


@pytest.mark.parametrize(("expected", "found", "broken"), [
    ({}, {}, []),
    ({"USDC": 5}, {"USDC": 5}, []),
    ({"USDC": 5}, {"USDC": 6}, [("USDC", 5, 6)]),
    ({"USDC": 5}, {}, [("USDC", 5, 0)]),
    ({}, {"USDC": 5}, [("USDC", 0, 5)]),
    ({"USDC": 0}, {"BTC": 0}, []),
    ({"USDC": 1, "BTC": 2}, {"USDC": 2, "BTC": 1}, [("BTC", 2, 1), ("USDC", 1, 2)]),
])  # fmt: skip
def test_differences_are_listed_by_name_and_silence_is_zero(
    expected: dict[str, int], found: dict[str, int], broken: list[tuple[str, int, int]]
) -> None:
    assert difference_breaks("x", expected, found) == [Break("x", *row) for row in broken]


@pytest.mark.parametrize(("debits", "credits_", "broken"), [(5, 5, []), (5, 4, [(5, 4)]), (0, 1, [(0, 1)]), (0, 0, [])])
def test_a_trial_balance_breaks_when_its_sides_differ(
    debits: int, credits_: int, broken: list[tuple[int, int]]
) -> None:
    rows = [TrialBalance("BTC", 7, 7), TrialBalance("USDC", debits, credits_)]
    assert trial_balance_breaks(rows) == [Break("trial balance", "USDC", *pair) for pair in broken]


def test_positions_break_where_they_do_not_sum_to_zero() -> None:
    sums = {"quay XAG-PERP": -3, "harbour BTC-PERP": 5, "harbour ETH-PERP": 0}
    assert zero_sum_breaks("positions", sums) == [
        Break("positions", "harbour BTC-PERP", 0, 5), Break("positions", "quay XAG-PERP", 0, -3)
    ]  # fmt: skip


def test_all_that_stands_at_a_venue_is_tokenised_and_nothing_else() -> None:
    held = {
        CHART.vault(): -1_111_111_111,
        CHART.available("hedger"): 1,
        CHART.delegated("hedger", "harbour"): 10,
        CHART.venue_collateral("harbour"): 100,
        CHART.venue_settlement("harbour"): 1_000,
        CHART.insurance("harbour"): 10_000,
        CHART.guarantee("harbour"): 100_000,
        CHART.omnibus("harbour"): 1_000_000,
        CHART.pool("harbour"): -10_000_000,
        CHART.claim("hedger", "harbour"): 100_000_000,
        CHART.fees(): 1_000_000_000,
        CHART.suspense(): 10_000_000_000,
        BTC.available("hedger"): 7,
    }
    codes, totals = books(held)
    assert set(codes.values()) == set(Code), "a new kind of account must be decided upon here"
    assert claims_in_ledger(codes, totals) == {"USDC": 1_110_110, "BTC": 0}
    assert {code for code in Code if code in CLAIM_CODES} == CLAIM_CODES


def test_what_is_only_held_is_not_yet_a_claim() -> None:
    place = CHART.delegated("hedger", "harbour")
    totals = {place.id: Totals(debits_pending=3, debits_posted=1, credits_pending=50, credits_posted=9)}
    assert claims_in_ledger({place.id: place.code}, totals) == {"USDC": 8}


POOLED: Held = {
    CHART.omnibus("harbour"): 30, CHART.pool("harbour"): -30,
    CHART.claim("hedger", "harbour"): 10, CHART.claim("maker", "harbour"): 20,
    CHART.omnibus("quay"): 5, CHART.pool("quay"): -5, CHART.claim("hedger", "quay"): 5,
    CHART.vault(): -44, CHART.available("hedger"): 9, CHART.fees(): 0, BTC.omnibus("harbour"): 0,
}  # fmt: skip
CLAIMS, POOL = "claims on the omnibus", "pool"


@pytest.mark.parametrize(("changed", "broken"), [
    ({}, []),
    ({CHART.claim("hedger", "harbour"): 11}, [(CLAIMS, "USDC at harbour", 30, 31)]),
    ({CHART.pool("harbour"): -29}, [(POOL, "USDC at harbour", 30, 29)]),
    ({CHART.omnibus("quay"): 4}, [(CLAIMS, "USDC at quay", 4, 5), (POOL, "USDC at quay", 4, 5)]),
    ({BTC.claim("maker", "harbour"): 2}, [(CLAIMS, "BTC at harbour", 0, 2)]),
    ({CHART.claim("hedger", "quay"): 6, CHART.claim("maker", "harbour"): 19},
     [(CLAIMS, "USDC at harbour", 30, 29), (CLAIMS, "USDC at quay", 5, 6)]),
    ({CHART.available("hedger"): 8, CHART.vault(): -1}, []),
])  # fmt: skip
def test_claims_pool_and_omnibus_must_say_the_same_at_each_venue(
    changed: Held, broken: list[tuple[str, str, int, int]]
) -> None:
    codes, totals = books({**POOLED, **changed})
    assert pooled_breaks(codes, totals) == [Break(*row) for row in broken]
