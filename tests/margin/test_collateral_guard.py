"""10 October 2025: par collateral at 0.65 on one venue's own book. Nobody is called under the guard, and why not.

Figures: specs/off_exchange_settlement.md §2.3 (0.65, par elsewhere); USDe's haircut from Derive's deployment script
(specs/derive_margin.md §13.1). Prices elsewhere, between 0.995 and 1.001, and the account are ours.
"""

from dataclasses import replace

import pytest

from custody.appraisal import Appraisal, appraise
from custody.prices import LeftOut, PriceRefusal, Quote
from custody.schedule import Edition
from custody.schedule_file import STANDARD, read_edition
from custody.substitution import in_cure_units, revalue, spared_units
from custody.valuation import value
from margin.calls import Assessment, CallPolicy, MarginCall, Verdict, assess
from margin.requirement import Requirement

OCT_10_S = 1_760_130_000
COINS = 10**6
HOLDINGS = {"USDC": 4_000_000 * COINS, "USDe": 3_000_000 * COINS}
ELSEWHERE = {"bybit": 995_000, "curve pool": 998_000, "issuer redemption": 1_000_000, "kraken": 1_001_000}
POLICY = CallPolicy(grace_s=3_600, critical_bps=9_500)
REQUIRED = Requirement(6_200_000 * COINS, 5_800_000 * COINS)


@pytest.fixture
def edition() -> Edition:
    """The standard schedule, in force on that day."""
    standard = read_edition(STANDARD)
    return replace(standard, announced_at_s=0, effective_at_s=0)


def at_binance(edition: Edition, at_s: int = OCT_10_S, **prices: int) -> Appraisal:
    """The account at the venue whose book broke; prices (1e-6 USD) by source, with the usual ones elsewhere."""
    told = {"binance": 650_000} | ELSEWHERE | {name.replace("_", " "): price for name, price in prices.items()}
    quotes = [Quote("USDe", name, price_e6, at_s) for name, price_e6 in told.items()]
    return appraise((edition,), "binance", HOLDINGS, quotes, at_s)


def judged(equity_units: int, call: MarginCall | None = None, now_s: int = OCT_10_S, spared: int = 0) -> Assessment:
    return assess(equity_units, REQUIRED, call, now_s, POLICY, spared)


def test_nobody_is_called_for_a_price_on_the_venues_own_book(edition: Edition) -> None:
    found = at_binance(edition)
    assert found.prices["USDe"] == 998_000  # the second lowest elsewhere
    assert found.guarded["USDe"].left_out == (("binance", LeftOut.OWN_BOOK),)
    assert found.valuation.collateral_units == (3_920_000 + 2_395_200) * COINS
    assert judged(found.valuation.collateral_units).verdict is Verdict.HEALTHY


def test_control_on_its_own_book_the_same_account_is_seized(edition: Edition) -> None:
    own_book = value(edition.schedule, HOLDINGS, {"USDC": COINS, "USDe": 650_000})
    assert own_book.collateral_units == (3_920_000 + 1_560_000) * COINS
    assert judged(own_book.collateral_units).verdict is Verdict.LIQUIDATE_CRITICAL


def test_nobody_is_called_at_another_venue_that_listens_to_that_book_among_others(edition: Edition) -> None:
    quotes = [Quote("USDe", name, price, OCT_10_S) for name, price in (ELSEWHERE | {"binance": 650_000}).items()]
    found = appraise((edition,), "meridian", HOLDINGS, quotes, OCT_10_S)
    assert found.prices["USDe"] == 995_000
    assert judged(found.valuation.collateral_units).verdict is Verdict.HEALTHY


def test_control_a_fall_that_everybody_sees_is_one(edition: Edition) -> None:
    found = at_binance(edition, bybit=650_000, curve_pool=655_000, issuer_redemption=650_000, kraken=651_000)
    assert found.prices["USDe"] == 650_000
    assert judged(found.valuation.collateral_units).verdict is Verdict.LIQUIDATE_CRITICAL


def test_where_sources_part_the_asset_is_called_and_nothing_is_seized(edition: Edition) -> None:
    """Half of the sources at 0.65: no price at all; a day to substitute, a call, its cure period, and only then."""
    calm = at_binance(edition, OCT_10_S - 60)

    def parted(at_s: int) -> Appraisal:
        return at_binance(edition, at_s, bybit=650_000, curve_pool=650_000)

    found = parted(OCT_10_S)
    assert found.prices["USDe"] is PriceRefusal.SOURCES_DISAGREE
    (demand,) = (demands := revalue(calm, found).demands)
    assert (demand.asset, demand.lost_units) == ("USDe", 2_395_200 * COINS)
    assert judged(found.valuation.collateral_units).verdict is Verdict.LIQUIDATE_CRITICAL  # were it not waited for

    def margin(at_s: int, call: MarginCall | None = None) -> Assessment:
        today = parted(at_s)
        equity_units = today.valuation.collateral_units + in_cure_units(demands, today)
        return judged(equity_units, call, at_s, spared_units(demands, today, POLICY.grace_s))

    assert margin(demand.deadline_s - 1).verdict is Verdict.HEALTHY
    assert margin(demand.deadline_s).verdict is Verdict.CALL
    needed = margin(demand.deadline_s).needed_units
    assert needed == (6_200_000 - 3_920_000) * COINS
    call = MarginCall("call/1", "fund", "binance", needed, demand.deadline_s, demand.deadline_s + POLICY.grace_s)
    assert margin(call.deadline_s - 1, call).verdict is Verdict.WAIT
    assert margin(call.deadline_s, call).verdict.liquidates


def test_what_is_spared_is_spared_from_haste_only() -> None:
    short = 5_000_000 * COINS
    assert judged(short).verdict is Verdict.LIQUIDATE_CRITICAL
    assert judged(short, spared=510_000 * COINS - 1).verdict is Verdict.LIQUIDATE_CRITICAL
    assert judged(short, spared=510_000 * COINS).verdict is Verdict.CALL
    assert judged(short, spared=510_000 * COINS).needed_units == 1_200_000 * COINS
    call = MarginCall("call/1", "fund", "binance", 1, 0, OCT_10_S)
    assert judged(short, call, spared=10**18).verdict is Verdict.LIQUIDATE_EXPIRED
