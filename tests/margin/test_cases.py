"""Cases of every model of the schema are answered in its names; a malformed one is refused at its field."""

from collections.abc import Callable
from typing import Any

import pytest

from margin.case_schema import NOTHING
from margin.cases import CASE_FAULTS, CaseError, answer, why
from margin.fixed import ZERO, Fixed, FixedError
from margin.functions import exp, power
from margin.parameter_file import read_parameters
from tests.margin.worked import PLAIN, SHORT_CALL, Document, as_read, bare, expiry, feeds, plain, standard

NEAR = Fixed.of("0.000000000001")
TESTS = read_parameters("tests")


def near(found: object, wanted: str) -> bool:
    """Within 1e-12, or 1e-14 of a number above 100."""
    assert isinstance(found, Fixed)
    return abs(found - Fixed.of(wanted)) <= max(NEAR, abs(found) / 10**14)


# -- accounts (specs/derive_margin.md §16) -----------------------------------------------------------------------------


def test_a_short_call_under_portfolio_margin_has_all_its_components() -> None:
    found = answer(as_read(plain()))
    assert near(found["im"], "-368.4876197617556")
    assert near(found["mm"], "-301.7685348603643")
    assert near(found["mtm"], "-79.37158518905994")
    assert near(found["basis_contingency"], "-11.275911269415126")
    assert found["static_contingency"] == Fixed.of(15)
    assert found["confidence_contingency"] == ZERO
    assert found["binding_scenario"] == 0
    pnl = found["scenario_pnl"]
    assert isinstance(pnl, list)
    assert (len(pnl), near(pnl[0], "-207.39694967130436")) == (21, True)
    assert "mm_contingency" not in found


def test_a_case_without_parameters_has_those_that_are_given() -> None:
    assert answer(as_read(bare("PMRM")), TESTS) == answer(as_read(plain()))
    found = answer(as_read(standard()), TESTS)
    assert list(found) == ["im", "mm", "mtm"]
    assert near(found["mm"], "-191.87158518905994")
    assert near(found["im"], "-304.37158518905994")


def test_its_own_parameters_come_first() -> None:
    assert answer(as_read(plain()), read_parameters("mainnet")) == answer(as_read(plain()))
    assert answer(as_read(bare("PMRM")), read_parameters("mainnet")) != answer(as_read(plain()))


def test_pmrm_2_has_the_components_of_its_own() -> None:
    found = answer(as_read(bare("PMRM_2")), TESTS)
    assert {"mm_contingency", "im_contingency", "option_mtm", "collateral_mtm"} <= set(found)
    assert found["mm_contingency"] == Fixed.of("4.5")  # 1500 · 0.003
    assert found["im_contingency"] == Fixed.of(3)
    assert answer(as_read(bare("PMRM_2_1")), TESTS) == found


def test_a_market_that_does_not_take_an_instrument_gives_no_number_for_it() -> None:
    document = standard(options=[], base=1)
    document["feeds"]["markets"]["SOL"] = document["feeds"]["markets"].pop("ETH")
    document["portfolio"]["markets"]["SOL"] = document["portfolio"]["markets"].pop("ETH")
    with pytest.raises(CaseError, match="no base parameters of SOL, where one is held"):
        answer(as_read(document), read_parameters("mainnet"))
    with pytest.raises(CaseError, match="no parameters of SOL"):
        answer(as_read(document), TESTS)
    document["portfolio"]["markets"]["SOL"] = {"perp": 1}
    assert answer(as_read(document), read_parameters("mainnet"))["mm"] == Fixed.of("-100.835")  # 1505 · 0.067


# -- auctions, cash, prices --------------------------------------------------------------------------------------------

AUCTION = {
    "starting_mtm_percentage": "0.98", "fast_auction_cutoff_percentage": "0.8", "fast_auction_length_sec": 100,
    "slow_auction_length_sec": 14400, "insolvent_auction_length_sec": 600, "liquidator_fee_rate": "0.02",
    "buffer_margin_percentage": "0.2", "mtm_cutoff": 0,
}  # fmt: skip


def auction(cash: object = 200, *bids: tuple[int, object]) -> Document:
    """The auction of §16, with rates of 0 at its start and of 4% at every bid."""

    def at(rate: object) -> Document:
        one = expiry(rate=rate)
        return feeds(expiries=[{**one, "expiry": one["sec_to_expiry"]}], perp_price=0, perp_confidence=0)

    held = {"cash": cash, "options": [{**SHORT_CALL, "expiry": SHORT_CALL["sec_to_expiry"]}]}
    return {
        "id": "sold", "model": "PMRM+DutchAuction", "params": {"pmrm": PLAIN, "auction": AUCTION},
        "start": {"time": 0, "feeds": at(0), "portfolio": held},
        "actions": [{"time": time, "feeds": at("0.04"), "percent_want": share} for time, share in bids],
    }  # fmt: skip


def test_an_auction_is_answered_bid_by_bid() -> None:
    (bid,) = answer(as_read(auction(200, (0, 1))))["actions"]  # type-checked below
    wanted = {
        "pre_mtm": "119.30633018077472", "pre_mm": "-103.09061949052965", "pre_bm": "-147.57000942479047",
        "pre_fmax": "0.5579412854255694", "cash_from_bidder": "65.23460867605947",
        "final_percentage": "0.5579412854255694", "post_mtm": "117.97501163636535", "post_mm": "19.66250193939422",
        "post_bm": "0", "post_fmax": "0",
    }  # fmt: skip
    assert [name for name, value in wanted.items() if not near(bid[name], value)] == []


def test_a_second_bid_finds_what_the_first_has_left() -> None:
    first, second = answer(as_read(auction(200, (30, "0.1"), (30, "0.1111111111111111"))))["actions"]
    before = {name.removeprefix("pre_"): value for name, value in second.items() if name.startswith("pre_")}
    assert before == {name: first[f"post_{name}"] for name in before}
    # A tenth of all, and then a ninth of what is left, are the same slice.
    assert near(second["cash_from_bidder"] - first["cash_from_bidder"], "0")
    assert first["cash_from_bidder"] > 11


def test_an_account_worth_less_than_nothing_pays_its_bidder() -> None:
    first, second = answer(as_read(auction(0, (0, "0.5"), (600, "0.5"))))["actions"]
    assert first["pre_mtm"] < 0
    # At once its worth, and half of maintenance margin when the time is over.
    assert first["cash_from_bidder"] == first["pre_mtm"] / 2
    assert second["cash_from_bidder"] == second["pre_mm"] / 2
    assert second["final_percentage"] == Fixed.of("0.5")


def test_an_insolvent_accounts_cash_goes_with_its_positions() -> None:
    first, second = answer(as_read(auction(-50, (0, "0.5"), (0, "0.5"))))["actions"]
    assert near(second["pre_mtm"] * 2 - first["pre_mtm"], "0")
    assert near(second["cash_from_bidder"] * 2 - first["cash_from_bidder"], "0")


@pytest.mark.parametrize(
    ("cash", "bid", "complaint"),
    [
        (2000, (0, 1), "no auction starts: maintenance margin is met"),
        (200, (14500, 1), "14500 s after the start there is nothing to buy at a price above zero"),
        (200, (-1, 1), r"actions\[0\].time is not before the start at 0"),
        (200, (0, 2), r"actions\[0\].percent_want is from 0 to 1, not 2"),
    ],
)
def test_an_auction_that_cannot_be_is_an_error(cash: int, bid: tuple[int, object], complaint: str) -> None:
    with pytest.raises(CaseError, match=complaint):
        answer(as_read(auction(cash, bid)))


def cash_case(*events: tuple[str, str, str, object, int]) -> Document:
    names = ("event", "acc_a", "acc_b", "amount", "days_passed")
    return {
        "model": "CashAsset",
        "start": {"balances": {"borrower": -100, "lender": 200, "SM": 10}},
        "events": [dict(zip(names, event, strict=True)) for event in events],
    }


def test_cash_is_answered_event_by_event() -> None:
    found = answer(as_read(cash_case(
        ("START", "", "", 0, 0), ("TRADE", "lender", "borrower", 10, 0), ("BORROW", "borrower", "", -5, 0),
        ("SETTLEMENT", "lender", "", 7, 0), ("TRADE", "lender", "borrower", 0, 365),
    )), TESTS)["events"]  # fmt: skip
    totals = [(str(one["total_supply"]), str(one["total_borrow"]), str(one["stable_balance"])) for one in found[:4]]
    assert totals == [("210", "100", "110"), ("220", "110", "110"), ("220", "115", "105"), ("227", "115", "105")]
    # A year at 5% + 30% · 115/227; the security module's fifth is a supply too, so both grow alike.
    assert near(found[4]["total_borrow"] - 115 - (found[4]["total_supply"] - 227), "0")
    assert found[4]["util"] == found[4]["total_borrow"] / found[4]["total_supply"]
    assert found[4]["total_borrow"] > 115


@pytest.mark.parametrize(("loss", "supply"), [(4, "210"), (10, "210"), (25, "225")])
def test_the_security_module_pays_first_and_everybody_the_rest(loss: int, supply: str) -> None:
    (found,) = answer(as_read(cash_case(("INSOLVENCY", "lender", "", loss, 0))), TESTS)["events"]
    assert str(found["total_supply"]) == supply


def test_prices_are_answered() -> None:
    price = {"sec_to_expiry": 604800, "vol": 1, "forward": 1500, "strike": 1500, "discount": 1}
    found = answer(as_read({"model": "Black76", "input": price}))
    assert near(found["call"], "82.80508066863456")
    assert found["call"] == found["put"]
    assert near(found["undiscounted_call_delta"], "0.5276016935562116")
    surface = {
        "strike": 1500, "tau": "0.00821917808219178", "a": "0.00821917808219178", "b": "0.01232876712328767",
        "rho": "-0.000821917808219178", "m": "-0.000410958904109589", "sigma": "0.000410958904109589", "fwd": 1800,
    }  # fmt: skip
    assert near(answer(as_read({"model": "SVI", "input": surface}))["vol"], "1.1283132838354804")


# -- what is wrong is named --------------------------------------------------------------------------------------------


def less(*path: Any) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        *above, last = path
        for key in above:
            document = document[key]
        del document[last]

    return change


def set_to(value: object, *path: Any) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        *above, last = path
        for key in above:
            document = document[key]
        document[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (less("model"), "model is missing"),
        (set_to("SPAN", "model"), "model is one of SRM, PMRM, PMRM_2, PMRM_2_1, PMRM+DutchAuction, CashAsset,"),
        (less("params"), "params is missing"),
        (less("params", "margin", "im_factor"), "params.margin.im_factor is missing"),
        (set_to([], "params", "scenarios"), "the document has params.scenarios without a scenario"),
        (set_to("sideways", "params", "scenarios", 3, "vol_shock"), "params.scenarios[3].vol_shock is one of up,"),
        (set_to("abs", "params", "scenarios", 3, "vol_shock"), "params.scenarios[3] is not valid: the skew abs "),
        (less("feeds", "spot"), "feeds.spot is missing"),
        (set_to(True, "feeds", "spot"), "feeds.spot is a number, not True"),
        (set_to(-1, "feeds", "spot"), "feeds.spot is at least 0, not -1"),
        (set_to("1.01", "feeds", "spot_confidence"), "feeds.spot_confidence is from 0 to 1, not 1.01"),
        (set_to(0, "feeds", "stable_price"), "feeds.stable_price is above 0, not 0"),
        (set_to(None, "feeds", "expiries", 0, "vols"), "feeds.expiries[0].vols is a list, not nothing"),
        (set_to(-1, "feeds", "expiries", 0, "sec_to_expiry"), "feeds.expiries[0].sec_to_expiry is at least 0, not -1"),
        (set_to("0.5", "feeds", "expiries", 0, "sec_to_expiry"), "feeds.expiries[0].sec_to_expiry is a whole number"),
        (set_to([expiry(), expiry()], "feeds", "expiries"), "feeds.expiries[1] is the second with 500400 s to expiry"),
        (
            set_to([{"strike": 1, "vol": 1}, {"strike": 1, "vol": 2}], "feeds", "expiries", 0, "vols"),
            "feeds.expiries[0].vols[1] is a second volatility of strike 1",
        ),
        (set_to([], "feeds", "expiries"), "no forward and volatilities of the expiry in 500400 s"),
        (set_to([], "feeds", "expiries", 0, "vols"), "no volatility of strike 1500"),
        (set_to("much", "portfolio", "options", 0, "amount"), "portfolio.options[0].amount is a number: 'much' is no"),
        (set_to(1, "portfolio", "options", 0, "is_call"), "portfolio.options[0].is_call is true or false, not 1"),
        (set_to(-1, "portfolio", "base"), "portfolio.base is at least 0, not -1"),
        (set_to(5, "portfolio"), "portfolio is an object, not 5"),
    ],
)  # fmt: skip
def test_a_malformed_case_is_refused_at_its_field(change: Callable[[Document], None], complaint: str) -> None:
    document = plain()
    change(document)
    with pytest.raises(CaseError) as raised:
        answer(as_read(document), NOTHING)
    assert str(raised.value).startswith(complaint)


def test_a_holding_that_the_model_does_not_take_is_not_passed_over() -> None:
    one = {"name": "weETH", "amount": 1, "price": 1, "confidence": 1, "risk_cancelling": True}
    haircuts = {"mm_haircut": 0, "im_haircut": 0}
    for document, field in (
        (plain(collaterals=[one | haircuts]), "portfolio.collaterals"),
        (standard(collaterals=[one | haircuts]), "portfolio.markets.ETH.collaterals"),
        ({**bare("PMRM_2"), "portfolio": {"cash": 0, "base": 1}}, "portfolio.base"),
    ):
        with pytest.raises(CaseError, match=f"{field} is nothing that this model takes"):
            answer(as_read(document), TESTS)


def test_a_division_by_a_zero_price_is_said_in_words() -> None:
    document = standard()
    document["feeds"]["markets"]["ETH"]["spot"] = 0
    with pytest.raises(CaseError):
        answer(as_read(document), TESTS)
    assert why(ZeroDivisionError()) == "a price, a forward or a time of zero is divided by"
    assert ZeroDivisionError in CASE_FAULTS


def test_an_exponential_beyond_all_prices_does_not_fill_the_memory() -> None:
    document = bare("PMRM_2")
    document["feeds"]["expiries"][0]["rate"] = "1e40"
    with pytest.raises(CaseError):
        answer(as_read(document), TESTS)
    for power_of in (lambda: exp(Fixed.of(10**9)), lambda: power(Fixed.of(2), Fixed.of(10**9))):
        with pytest.raises(FixedError, match=r"2\^10000"):
            power_of()
