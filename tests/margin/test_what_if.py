"""Trades that have not been made: how they are written, what they change, and what the venue would say."""

from typing import Any

import pytest

from margin.account import margins, positions
from margin.case_schema import Case, case_of
from margin.fixed import ZERO, Fixed
from margin.gate import Limits, Objection
from margin.marks import MissingMarkError
from margin.open_interest_fee import MAINNET
from margin.open_interest_fee import TESTS as PUBLIC_TESTS
from margin.parameter_file import read_parameters
from margin.result import Margin
from margin.trades import TradeError, trade_of, traded
from margin.what_if import what_if
from tests.margin.worked import SECONDS, SHORT_CALL, as_read, bare, plain, standard

TESTS = read_parameters("tests")
CALL = f"ETH-{SECONDS}s-1500-C"
EXPIRES_AT_S = 1_813_910_400
"""25 June 2027, 08:00 UTC."""
WEETH = {
    "name": "weETH", "amount": "0.5", "price": 1600, "confidence": 1, "risk_cancelling": True, "mm_haircut": "0.1",
    "im_haircut": "0.05",
}  # fmt: skip


def account(document: Any) -> Case:
    return case_of(as_read(document), TESTS)


def after(document: Any, *trades: str) -> tuple[Case, Fixed]:
    return traded(account(document), [trade_of(text) for text in trades])


# -- how trades are written --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "'' is no NAME:±AMOUNT or NAME:±AMOUNT@PRICE"),
        ("ETH-PERP", "'ETH-PERP' is no NAME:±AMOUNT"),
        ("ETH-PERP:1@-5", "'ETH-PERP:1@-5' is no NAME:±AMOUNT"),
        ("ETH-PERP:0", "'ETH-PERP:0' trades nothing"),
        ("ETH-PREP:1", "'ETH-PREP' is no ASSET-YYYYMMDD-STRIKE-C"),
        ("ETH-20270231-6000-C:1", "'ETH-20270231-6000-C': 2027-02-31 is no date"),
        ("ETH-20270625-6000-C:1", "ETH-20270625-6000-C expires at a date: it needs the time that the feeds are of"),
        ("ETH-PERP:1.0000000000000000001", "'ETH-PERP:1.0000000000000000001': '1.00"),
        ("USDC:1@2", "'USDC:1@2': cash has no price"),
    ],
)
def test_a_trade_that_cannot_be_read_says_why(text: str, complaint: str) -> None:
    with pytest.raises(TradeError) as raised:
        trade_of(text)
    assert str(raised.value).startswith(complaint)


def test_a_date_and_the_seconds_left_are_the_same_option() -> None:
    by_date = trade_of("ETH-20270625-1500-C:+3@120", EXPIRES_AT_S - SECONDS)
    assert by_date == trade_of(f"{CALL}:3@120")
    assert trade_of("ETH-20270625-1500-C:1", EXPIRES_AT_S)
    with pytest.raises(TradeError, match="has expired"):
        trade_of("ETH-20270625-1500-C:1", EXPIRES_AT_S + 1)


# -- what trades change ------------------------------------------------------------------------------------------------


def test_an_option_is_paid_for_and_one_that_is_closed_is_gone() -> None:
    case, paid = after(standard(cash=100), f"{CALL}:+1@80")
    assert (paid, case.cash, positions(case)) == (Fixed.of(-80), Fixed.of(20), ())


@pytest.mark.parametrize(
    ("make", "trades"),
    [
        (standard, [f"{CALL}:-2", "ETH-PERP:+1", "ETH-USDC:+0.5"]),
        (plain, [f"{CALL}:-2", "ETH-PERP:+1", "ETH-USDC:+0.5"]),
        (lambda **held: bare("PMRM_2", collaterals=[WEETH], **held), [f"{CALL}:-2", "weETH-USDC:-0.25"]),
    ],
)
def test_trades_at_the_mark_leave_the_worth_as_it_was(make: Any, trades: list[str]) -> None:
    document = make(perp=2, perp_unsettled_cash=-30)
    document.get("feeds", {}).update(stable_price="0.99")
    case, _ = after(document, *trades)
    assert abs(margins(case).mark_to_market - margins(account(document)).mark_to_market) < Fixed(100)
    assert positions(case) != positions(account(document))


def test_a_collateral_is_sold_at_its_own_price() -> None:
    document = bare("PMRM_2", options=[], collaterals=[WEETH])
    case, paid = after(document, "weETH-USDC:-0.25")
    assert paid == Fixed.of(400)
    assert margins(case).mark_to_market == margins(account(document)).mark_to_market
    with pytest.raises(MissingMarkError, match="no price of collateral BTC"):
        after(document, "BTC-USDC:-1")
    with pytest.raises(TradeError, match=r"0.6 weETH cannot be sold where 0.5 is held"):
        after(document, "weETH-USDC:-0.6")


def test_a_perpetual_settles_what_it_had_earned_and_pays_the_difference_to_its_mark() -> None:
    case, paid = after(plain(options=[], perp=2, perp_unsettled_cash=-30, cash=500), "ETH-PERP:-2@1500")
    assert paid == Fixed.of(-10)  # two sold 5 below the mark of 1505
    assert (case.cash, positions(case)) == (Fixed.of(460), ())


def test_trades_in_two_underlyings_are_for_standard_margin_only() -> None:
    with pytest.raises(TradeError, match="one underlying"):
        after(plain(), "ETH-PERP:1", "BTC-PERP:1")
    with pytest.raises(MissingMarkError, match="no feeds of BTC"):
        after(standard(), "ETH-PERP:1", "BTC-PERP:1")


# -- what the venue says -----------------------------------------------------------------------------------------------


def judged(document: Any, *trades: str, **circumstances: Any) -> list[Objection | None]:
    found = what_if(account(document), [trade_of(text) for text in trades], **circumstances)
    return [found.ordinary, found.trusted]


NO_ASSETS, NO_EXPIRIES = Limits(0), Limits(9, 0)


@pytest.mark.parametrize(
    ("cash", "trade", "circumstances", "objection"),
    [
        (0, "ETH-PERP:+1", {"in_auction": True, "limits": NO_ASSETS}, Objection.IN_AUCTION),
        (0, "ETH-PERP:+1", {"limits": Limits(0, 0)}, Objection.TOO_MANY_ASSETS),
        (-9, f"ETH-{SECONDS}s-1400-C:+1@0", {"limits": NO_EXPIRIES, "may_borrow": False}, Objection.BORROWING_DISABLED),
        (-9, "USDC:-1", {"may_borrow": False}, Objection.BORROWING_DISABLED),
        (-9, "USDC:-1", {}, Objection.MARGIN_NOT_MET),
        (-9, "USDC:+1", {"may_borrow": False}, None),  # adds nothing but cash
        (999, "USDC:-1", {}, None),
        (0, f"{CALL}:+1@0", {}, None),
    ],
)
def test_the_first_objection_is_the_one_that_is_said(
    cash: int, trade: str, circumstances: dict[str, Any], objection: Objection | None
) -> None:
    document = standard(cash=cash)
    vols = document["feeds"]["markets"]["ETH"]["expiries"][0]["vols"]
    vols.append({"strike": 1400, "vol": 1})
    assert judged(document, trade, **circumstances)[0] is objection


def test_a_second_expiry_may_be_one_too_many() -> None:
    document = plain(cash=10**6)
    document["feeds"]["expiries"].append({**document["feeds"]["expiries"][0], "sec_to_expiry": 9})
    more = "ETH-9s-1500-C:+1"
    assert judged(document, more, limits=Limits(9, 1))[0] is Objection.TOO_MANY_EXPIRIES
    assert judged(document, more, limits=Limits(9, 2)) == [None, None]


def test_who_is_trusted_is_asked_for_less() -> None:
    """Maintenance margin in three scenarios: between -301.77 and what the basis shocks take."""
    for cash, said in (
        (100, [Objection.MARGIN_NOT_MET] * 2),
        (250, [Objection.MARGIN_NOT_MET, None]),
        (400, [None] * 2),
    ):
        assert judged(plain(cash=cash), "USDC:-1") == said
    found = what_if(account(plain(cash=250)), [trade_of("USDC:-1")])
    assert found.after.initial < found.after.maintenance < 0 < found.trusted_maintenance


STRADDLE = [{**SHORT_CALL, "amount": 1}, {**SHORT_CALL, "is_call": False, "amount": 1}]
"""It gains by any move: the scenario without one is its worst."""


@pytest.mark.parametrize("options", [[SHORT_CALL], STRADDLE])
def test_the_trusted_scenarios_are_the_basis_shocks_and_none_with_volatilities_as_they_are(options: Any) -> None:
    document = plain(options=options)
    document["params"]["scenarios"] = [{"spot_shock": shock, "vol_shock": "none"} for shock in ("1.05", "0.95", 1)]
    found = what_if(account(plain(cash=-1, options=options)), [trade_of("USDC:+1")])
    assert found.trusted_maintenance == margins(account(document)).maintenance
    assert found.trusted_maintenance > found.after.maintenance
    worst = account(document).evaluate().binding
    assert worst == (0 if options == [SHORT_CALL] else 2)


def test_what_adds_no_risk_needs_no_margin() -> None:
    assert judged(standard(cash=-500), f"{CALL}:+1@0", "USDC:+1") == [None, None]
    assert judged(standard(cash=-500, perp=-3), "ETH-PERP:+2") == [None, None]  # a smaller short; at the mark
    assert judged(plain(cash=-500, perp=-3), "ETH-PERP:+2") == [Objection.MARGIN_NOT_MET] * 2  # any perpetual counts


def test_what_a_perpetual_had_earned_is_no_change_of_the_traders_own() -> None:
    """Cash falls by a loss that was there before; that is not what makes the batch add risk."""
    document = standard(cash=-500, perp=-3, perp_unsettled_cash=-100)
    assert not what_if(account(document), [trade_of("ETH-PERP:+2")]).adds_risk
    assert not what_if(account(document), [trade_of("ETH-PERP:+2@1504")]).adds_risk  # it is paid 2
    assert what_if(account(document), [trade_of("ETH-PERP:+2@1506")]).adds_risk  # it pays 2


def test_cash_is_an_asset_like_others() -> None:
    document = standard(cash=10**6)  # and an option
    assert judged(document, "ETH-PERP:+1", limits=Limits(3)) == [None, None]
    assert judged(document, "ETH-PERP:+1", limits=Limits(2))[0] is Objection.TOO_MANY_ASSETS
    assert judged(document, "ETH-USDC:+0.1", "ETH-PERP:+1", limits=Limits(3))[0] is Objection.TOO_MANY_ASSETS
    # One that is already too large may shrink.
    assert judged(document, f"{CALL}:+1", limits=Limits(0)) == [None, None]


def test_before_and_after_are_the_margins_of_the_account() -> None:
    found = what_if(account(standard(cash=100)), [trade_of(f"{CALL}:+1@80")])
    assert found.before == margins(account(standard(cash=100)))
    assert found.after == margins(account(standard(cash=20, options=[])))
    assert found.cash == Fixed.of(-80)
    assert found.after.mark_to_market > ZERO


# -- the fee for open interest -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trades", "fee", "why"),
    [
        (["ETH-PERP:+2"], 301, "10% of two at the perpetual's mark, not at spot"),
        (["ETH-PERP:-2"], 301, "whichever side"),
        (["ETH-PERP:+0.1"], 50, "the least there is"),
        ([f"{CALL}:+2"], "300.1666558621988", "an option by the forward of its expiry, whatever it costs"),
        ([f"{CALL}:+2", "ETH-PERP:+2"], "601.1666558621988", "the sum of both"),
        ([f"{CALL}:+0.1", "ETH-PERP:+0.1"], 50, "the least is one account's, not one asset's"),
        (["ETH-PERP:+2", "ETH-PERP:-2"], 0, "nothing has changed after the batch"),
        (["ETH-USDC:+1"], 0, "a coin has no open interest"),
        (["USDC:+100"], 0, "nor has cash"),
    ],
)
@pytest.mark.parametrize("document", [plain(cash=10_000), standard(cash=10_000)])
def test_who_raises_open_interest_pays_by_notional(document: Any, trades: list[str], fee: object, why: str) -> None:
    batch, case = [trade_of(text) for text in trades], account(document)
    free, paying = what_if(case, batch), what_if(case, batch, fee=MAINNET)
    assert abs(paying.fee - Fixed.of(str(fee))) <= Fixed(10), why
    assert (free.fee, paying.cash) == (0, free.cash)
    assert margins_of(paying.after) == [one - paying.fee for one in margins_of(free.after)]


def margins_of(margin: Margin) -> list[Fixed]:
    return [margin.initial, margin.maintenance, margin.mark_to_market]


@pytest.mark.parametrize("model", ["PMRM", "SRM"])
def test_the_fee_is_paid_before_margin_is_asked_for(model: str) -> None:
    document = plain if model == "PMRM" else standard
    trade = [trade_of("ETH-PERP:+0.1")]
    asked = what_if(account(document(cash=0)), trade).after
    enough_for_initial = account(document(cash=str(-asked.initial + 1)))
    assert what_if(enough_for_initial, trade).ordinary is None
    told = what_if(enough_for_initial, trade, fee=MAINNET)
    assert (told.ordinary, told.trusted) == (Objection.MARGIN_NOT_MET, None)
    bare_maintenance = account(document(cash=str(-what_if(account(document(cash=0)), trade).trusted_maintenance + 1)))
    assert what_if(bare_maintenance, trade).trusted is None
    assert what_if(bare_maintenance, trade, fee=MAINNET).trusted is Objection.MARGIN_NOT_MET


def test_the_numbers_of_the_public_tests_are_another_fee() -> None:
    assert what_if(account(plain()), [trade_of("ETH-PERP:+0.1")], fee=PUBLIC_TESTS).fee == 800
    assert what_if(account(plain()), [trade_of("ETH-PERP:+1")], fee=PUBLIC_TESTS).fee == Fixed.of("1053.5")
