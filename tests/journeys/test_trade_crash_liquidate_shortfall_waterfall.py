"""A crash that one client's collateral cannot bear: closed, short, and paid for in order, each payer named.

The same prices under both standings. The bystander, with collateral and no position, is looked at to the unit.
"""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from custody.delegation import Standing
from settlement.happenings import Happening
from settlement.mirror import FUND, HOUSE
from settlement.netting import VENUE_CAPITAL

if TYPE_CHECKING:
    from tests.journeys.conftest import Harbour

USD = 10**6
RESERVE = 20_000


def levered(harbour: "Harbour") -> None:
    """Ten coins on 150,000 dollars; against them a maker who is short, and a bystander who trades nothing."""
    harbour.bring("hedger", 150_000 + RESERVE, 150_000, mandate=RESERVE)
    harbour.bring("maker", 120_000, 100_000)
    harbour.bring("bystander", 120_000, 100_000)
    harbour.trade("hedger", 10)
    harbour.trade("maker", -4)
    harbour.work()
    harbour.desk.audit.after_act()


def sums(told: list[Happening], kind: str, fact: str) -> Counter[str]:
    total: Counter[str] = Counter()
    for happening in told:
        if happening.kind == kind:
            total[happening.party] += int(happening.facts[fact])
    return total


def kinds(told: list[Happening]) -> list[str]:
    return [happening.kind for happening in told]


def test_trade_crash_liquidate_shortfall_waterfall(harbour: "Harbour") -> None:
    levered(harbour)
    is_closed_out(harbour)
    harbour.desk.audit.after_act()
    pays_what_it_has_and_the_layers_pay_the_rest(harbour)
    harbour.desk.audit.after_act()


def is_closed_out(harbour: "Harbour") -> None:
    """80,000: a loss of 200,000 on 150,000. Nobody waits for a call; five slices close it all in one step."""
    before = harbour.picture()
    harbour.see(600, 80_000)
    told = harbour.work()
    assert kinds(told) == ["liquidation_started", *["liquidation_slice"] * 5, "liquidation_closed", *kinds(told)[7:]]
    assert told[0].facts["why"] == "critical"
    slices = told[1:6]
    assert [happening.facts["lots"] for happening in slices] == [-2_000] * 5
    prices = [int(happening.facts["price_e6"]) for happening in slices]
    assert prices == sorted(set(prices), reverse=True), "each slice sells lower than the one before"
    assert 79_980 * USD < prices[-1] < prices[0] < 80_000 * USD, "800,000 against a depth of a billion per percent"

    # The loss is what it was sold for less than it was bought for, and half a percent of that, which the fund is owed.
    sold = sum(2 * price_e6 for price_e6 in prices)
    penalty = sum(-(-2 * price_e6 * 50 // 10_000) for price_e6 in prices)
    moved = harbour.changed_since(before)
    assert moved["lots hedger"] == -10_000
    assert moved["lots house"] == 10_000
    assert moved["due hedger"] == sold - 1_000_000 * USD - penalty
    assert moved["due fund"] == penalty

    # Only a segregated client's agreement lets the custodian reach for the client's own reserve: up to 98% of all it
    # owns here, 170,000, may be delegated.
    missing = -moved["due hedger"] - 150_000 * USD
    (found,) = (happening for happening in told if happening.kind == "shortfall_found")
    assert found.facts["missing_units"] == missing
    own = 16_600 * USD if harbour.world.standing is Standing.SEGREGATED else 0
    assert moved.get(harbour.at_venue("hedger"), 0) == -moved.get("USDC/client/hedger/available", 0) == own
    assert found.facts["own_reserve_units"] == own * 98 // 100
    assert not any("bystander" in key for key in moved)


def pays_what_it_has_and_the_layers_pay_the_rest(harbour: "Harbour") -> None:
    """The hedger gives all it has; then the fund its 30,000, then the venue's capital; winners are paid whole."""
    harbour.see(600, 80_000)
    before = harbour.picture()
    due = {party: before[f"due {party}"] for party in ("hedger", "maker", FUND, HOUSE)}
    held, fund = before[harbour.at_venue("hedger")], before[harbour.fund]
    short = -due["hedger"] - held
    told = [*harbour.work(cut_off=True)]
    harbour.see(600, 80_000)
    told += harbour.work()
    assert sums(told, "shortfall_paid", "units") == {FUND: fund, VENUE_CAPITAL: short - fund}
    assert sums(told, "gain_unpaid", "units") == {}
    assert {happening.facts["debtor"] for happening in told if happening.kind == "shortfall_paid"} == {"hedger"}

    paid = {"hedger": -held, "maker": due["maker"], FUND: due[FUND] - fund, HOUSE: due[HOUSE] - (short - fund)}
    assert sum(paid.values()) == 0
    moved = {key: by for key, by in harbour.changed_since(before).items() if not key.startswith("due ")}
    ledger = {harbour.at_venue(party): paid[party] for party in ("hedger", "maker")}
    ledger |= {harbour.fund: paid[FUND], harbour.house: paid[HOUSE]}
    chain = {f"chain USDC {party}": units for party, units in paid.items()}
    if harbour.world.standing is Standing.POOLED:
        clients = chain.pop("chain USDC hedger") + chain.pop("chain USDC maker")
        chain["chain USDC omnibus"] = clients
        ledger |= {"USDC/venue/harbour/omnibus": clients, "USDC/venue/harbour/pool": -clients}
    assert moved == ledger | chain, "and nothing of the bystander's"


def test_a_loss_beyond_every_layer_is_borne_by_the_winners_in_proportion(
    open_harbour: Callable[[Standing], "Harbour"],
) -> None:
    """Segregated at 70,000: fund and venue capital are 60,000 together; what is left comes off the cycle's gains."""
    harbour = open_harbour(Standing.SEGREGATED)
    levered(harbour)
    harbour.see(600, 70_000)
    harbour.work()
    harbour.see(600, 70_000)
    before = harbour.picture()
    gains = {party: before[f"due {party}"] for party in (FUND, HOUSE, "maker")}
    assert min(gains.values()) > 0
    short = sum(gains.values()) - before[harbour.at_venue("hedger")]
    left = short - before[harbour.fund] - 30_000 * USD
    assert left > 0
    told = [*harbour.work(cut_off=True)]
    harbour.see(600, 70_000)
    told += harbour.work()
    assert sums(told, "shortfall_paid", "units") == {FUND: before[harbour.fund], VENUE_CAPITAL: 30_000 * USD}
    unpaid = sums(told, "gain_unpaid", "units")
    assert sum(unpaid.values()) == left
    for party, gain in gains.items():
        assert abs(unpaid[party] - Fraction(left * gain, sum(gains.values()))) < 1
    moved = harbour.changed_since(before)
    assert moved[harbour.at_venue("maker")] == moved["chain USDC maker"] == gains["maker"] - unpaid["maker"]
    assert moved[harbour.at_venue("hedger")] == -before[harbour.at_venue("hedger")]
    assert moved[harbour.fund] == gains[FUND] - unpaid[FUND] - before[harbour.fund]
    assert not any("bystander" in key for key in moved)
    harbour.desk.audit.after_act()


def test_a_partial_liquidation_stops_when_initial_margin_is_there(harbour: "Harbour") -> None:
    """Never more than needed: the last slice is the smallest that restores initial margin, and no call follows."""
    harbour.bring("hedger", 160_000, 150_000)
    harbour.trade("hedger", 10)
    harbour.work()
    harbour.see(600, 88_400)  # 147,000 − 116,000 = 31,000: above half of 57,460, so a call, and no mandate to meet it
    assert kinds(harbour.work()) == ["call_opened"]
    for _ in range(5):
        harbour.see(600, 88_400)
        assert harbour.work() == []
    harbour.see(600, 88_400)
    told = harbour.work()
    assert kinds(told)[:2] == ["call_expired", "liquidation_started"]
    assert told[1].facts["why"] == "expired"
    assert kinds(told)[-1] == "liquidation_closed"
    assert told[-1].facts["ended"] == "healthy"
    tested = harbour.desk.margin.assessment("hedger", "harbour")
    assert 0 <= tested.equity_units - tested.requirement.initial_units < 100 * USD
    assert 0 < harbour.picture()["lots hedger"] < 10_000
    harbour.desk.audit.after_act()
    harbour.see(600, 88_400)
    assert harbour.work() == []
