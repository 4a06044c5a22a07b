"""Pooled, and a loss beyond fund and capital: winners are closed at the bankruptcy price, in their rank."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from custody.delegation import Standing
from settlement.mirror import HOUSE

if TYPE_CHECKING:
    from tests.journeys.conftest import Harbour

USD = 10**6


def crashed(harbour: "Harbour") -> "Harbour":
    """Ten coins bought at 100,000 on 150,000 dollars, now at 70,000; the maker is short four, the house six."""
    harbour.bring("hedger", 160_000, 150_000)
    harbour.bring("maker", 120_000, 100_000)
    harbour.bring("bystander", 120_000, 100_000)
    harbour.trade("hedger", 10)
    harbour.trade("maker", -4)
    harbour.work()
    harbour.see(600, 70_000)
    return harbour


def test_pooled_adl(open_harbour: Callable[[Standing], "Harbour"]) -> None:
    """The account is worth 150,000 − 300,000; at 70,000 + 15,000 a coin it is worth nothing, and nobody is owed."""
    harbour = crashed(open_harbour(Standing.POOLED))
    before = harbour.picture()
    told = harbour.work()
    assert [happening.kind for happening in told] == [
        "liquidation_started", "adl_applied", "adl_applied", "liquidation_closed",
    ]  # fmt: skip
    first, rest = told[1], told[2]
    # The maker made 120,000 on 218,000 of equity, the house 180,000 on a notional of 420,000.
    assert (first.party, first.facts["lots"], first.facts["price_e6"]) == ("maker", 4_000, 85_000 * USD)
    assert (rest.party, rest.facts["lots"], rest.facts["price_e6"]) == (HOUSE, 6_000, 85_000 * USD)
    assert (first.facts["forgone_units"], rest.facts["forgone_units"]) == (60_000 * USD, 90_000 * USD)
    assert {happening.facts["debtor"] for happening in (first, rest)} == {"hedger"}
    assert harbour.changed_since(before) == {
        "lots hedger": -10_000, "lots maker": 4_000, "lots house": 6_000,
        "due hedger": 150_000 * USD, "due maker": -60_000 * USD, "due house": -90_000 * USD,
    }  # fmt: skip
    assert harbour.picture()["due hedger"] == -150_000 * USD, "exactly what it has"
    harbour.desk.audit.after_act()

    before = harbour.picture()
    told = harbour.settle(70_000)
    assert [happening.kind for happening in told] == ["cycle_settled"], "no shortfall is left for the waterfall"
    moved = harbour.changed_since(before)
    assert moved == {
        "USDC/client/hedger/claim/harbour": -150_000 * USD, "USDC/client/maker/claim/harbour": 60_000 * USD,
        "USDC/venue/harbour/collateral": 90_000 * USD, "chain USDC house": 90_000 * USD,
        "USDC/venue/harbour/omnibus": -90_000 * USD, "USDC/venue/harbour/pool": 90_000 * USD,
        "chain USDC omnibus": -90_000 * USD,
        "due hedger": 150_000 * USD, "due maker": -60_000 * USD, "due house": -90_000 * USD,
    }  # fmt: skip
    harbour.desk.audit.after_act()


def test_segregated_nobody_is_deleveraged(open_harbour: Callable[[Standing], "Harbour"]) -> None:
    """The control: the same crash where collateral is segregated closes into the market and keeps the maker's hedge."""
    harbour = crashed(open_harbour(Standing.SEGREGATED))
    before = harbour.picture()
    told = harbour.work()
    kinds = {happening.kind for happening in told}
    assert "liquidation_slice" in kinds
    assert "adl_applied" not in kinds
    assert "lots maker" not in harbour.changed_since(before)
    harbour.desk.audit.after_act()


def test_a_loss_that_fund_and_capital_can_pay_deleverages_nobody(open_harbour: Callable[[Standing], "Harbour"]) -> None:
    """60,000 stand behind the venue: at 84,100 the account is 9,000 under water."""
    harbour = open_harbour(Standing.POOLED)
    harbour.bring("hedger", 160_000, 150_000)
    harbour.trade("hedger", 10)
    harbour.work()
    harbour.see(600, 84_100)
    kinds = {happening.kind for happening in harbour.work()}
    assert "liquidation_slice" in kinds
    assert "adl_applied" not in kinds
