"""The reckoning, on accounts made by hand: who lost, who paid, who is innocent, and where segregation did worse."""

import re

import pytest

from custody.delegation import Standing
from scripts.walkthrough.reckoning import Reckoning, Tally, compare, dollars, worse_when_segregated
from scripts.walkthrough.series import reach
from scripts.walkthrough.tables import bearers
from settlement.happenings import Happening
from settlement.mirror import HOUSE

USD = 10**6
POOLED, SEGREGATED = Standing


def tally(*happenings: Happening) -> Reckoning:
    counted = Tally(POOLED)
    for happening in happenings:
        counted.count(happening)
    return counted.reckoning


def two() -> tuple[Reckoning, Reckoning]:
    """Both regimes with nothing in them."""
    return Tally(POOLED).reckoning, Tally(SEGREGATED).reckoning


def forgone(party: str, units: int) -> Happening:
    return Happening(0, "adl_applied", party, "halyard", {"forgone_units": units, "debtor": "silver_fund"})


def unpaid(party: str, units: int) -> Happening:
    return Happening(0, "gain_unpaid", party, "halyard", {"units": units, "debtor": "silver_fund"})


def paid(party: str, units: int) -> Happening:
    return Happening(0, "shortfall_paid", party, "halyard", {"units": units, "debtor": "silver_fund"})


def found(own_units: int) -> Happening:
    return Happening(0, "shortfall_found", "silver_fund", "halyard",
                     {"missing_units": 100, "own_reserve_units": own_units})  # fmt: skip


def called(party: str) -> Happening:
    return Happening(0, "call_opened", party, "halyard", {})


# -- counting ----------------------------------------------------------------------------------------------------------


def test_a_shortfall_is_the_sum_of_all_who_bore_it_in_cash() -> None:
    reckoning = tally(found(5), paid("fund", 30), paid("fund", 10), paid("venue capital", 7), unpaid("miner", 3))
    assert reckoning.shortfall_units == 55
    assert reckoning.payers == {"own reserve": 5, "fund": 40, "venue capital": 7}
    assert reckoning.unpaid == {"miner": 3}
    assert reckoning.clients["silver_fund"].own_reserve_units == 5
    assert sum(bearers(reckoning).values()) == 55


def test_a_reserve_that_gave_nothing_is_no_payer() -> None:
    assert tally(found(0)).payers == {}


def test_what_the_house_forwent_is_no_client_s_loss() -> None:
    reckoning = tally(forgone(HOUSE, 10), forgone("miner", 4), unpaid(HOUSE, 6))
    assert reckoning.house_forgone_units == 10
    assert reckoning.total("adl_forgone_units") == 4
    assert reckoning.unpaid == {HOUSE: 6}
    assert reckoning.total("gains_unpaid_units") == 0
    named = bearers(reckoning)
    assert named["auto-deleveraged: miner"] == 4
    assert named["auto-deleveraged: rest of the venue's market"] == 10


def test_a_client_that_never_breached_is_innocent_of_what_it_loses() -> None:
    reckoning = tally(unpaid("miner", 3), forgone("miner", 4), unpaid("long_fund", 5), called("long_fund"))
    assert reckoning.clients["miner"].innocent_loss_units == 7
    assert reckoning.clients["long_fund"].innocent_loss_units == 0
    assert reckoning.total("innocent_loss_units") == 7


def test_a_liquidation_without_a_call_is_a_breach_too() -> None:
    reckoning = tally(
        Happening(0, "liquidation_started", "miner", "halyard", {}),
        Happening(0, "liquidation_slice", "miner", "halyard", {"worth_units": 8}),
        Happening(0, "liquidation_slice", "miner", "halyard", {"worth_units": 9}),
    )
    account = reckoning.clients["miner"]
    assert (account.breached, account.calls, account.liquidations, account.liquidated_units) == (True, 0, 1, 17)


# -- comparing ---------------------------------------------------------------------------------------------------------


def test_only_clients_that_breached_nowhere_are_behind_by_another_s_doing() -> None:
    pooled, segregated = two()
    for name, ours, theirs in (("miner", 100, 90), ("treasury", 50, 70), ("long_fund", 500, 1)):
        pooled.clients[name].worth_units, segregated.clients[name].worth_units = ours, theirs
    pooled.clients["long_fund"].breached = True
    compare(pooled, segregated)
    assert (pooled.behind_units, segregated.behind_units) == (20, 10)
    segregated.clients["treasury"].breached = True
    compare(pooled, segregated)
    assert (pooled.behind_units, segregated.behind_units) == (0, 10)


def test_where_nothing_differs_nothing_is_worse() -> None:
    assert worse_when_segregated(*two()) == []


def test_every_measure_on_which_segregation_lost_is_named_the_largest_first() -> None:
    pooled, segregated = two()
    pooled.clients["miner"].worth_units = 900 * USD
    segregated.clients["miner"].fees_units = 20 * USD
    segregated.unpaid = {HOUSE: 300 * USD}
    segregated.payers = {"fund": 4_000 * USD, "own reserve": 99_000 * USD}
    pooled.payers = {"fund": 1_000 * USD}
    segregated.unsettled_peak_units = 50 * USD
    segregated.clients["miner"].liquidated_units = 7 * USD
    worse = worse_when_segregated(pooled, segregated)
    assert [re.sub(r" \(.*", "", one.text) for one in worse] == [
        # The debtor's own reserve is not another's money.
        "losses beyond collateral, borne by others: $3,300 more",
        "drawn from funds and venue capital: $3,000 more",
        "miner ends with $900 less",
        "gains left unpaid: $300 more at venues",
        "unsettled gains at their peak: $50 more, unsecured",
        "custody fees: $20 more were paid",
        "forced sales: $7 more were made",
    ]


def test_where_segregation_did_better_it_is_not_in_the_list() -> None:
    pooled, segregated = two()
    segregated.clients["miner"].worth_units = 900 * USD
    pooled.unpaid, pooled.payers, pooled.unsettled_peak_units = {HOUSE: 1}, {"fund": 1}, 1
    pooled.clients["miner"].liquidated_units = pooled.clients["miner"].calls = 5
    pooled.gas = {"cycle settled": 10}
    assert worse_when_segregated(pooled, segregated) == []


@pytest.mark.parametrize(
    ("units", "text"),
    [(0, "$0"), (499_999, "$0"), (500_000, "$1"), (-1_500_000, "-$2"), (1_234_567 * USD, "$1,234,567")],
)
def test_dollars_are_rounded_to_the_whole(units: int, text: str) -> None:
    assert dollars(units) == text


# -- reach -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "worth", "reachable"),
    [(100, 100, 100), (100, 130, 100), (100, 60, 60), (100, 0, 0), (100, -40, 0), (0, 50, 0)],
)
def test_from_a_compartment_one_reaches_what_is_in_it_less_what_one_owes(held: int, worth: int, reachable: int) -> None:
    assert reach(SEGREGATED, held, worth) == reachable
    assert reach(POOLED, held, worth) == 0
