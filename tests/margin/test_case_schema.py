"""Cases from JSON: either form of volatilities, absent parts, and every wrong field by its path."""

import copy
import json
from decimal import Decimal
from typing import Any

import pytest

from margin.case_schema import PortfolioCase, StandardCase, case_of
from margin.case_text import cases_in
from margin.fixed import Fixed
from margin.positions import Option
from margin.reading import DocumentError
from margin.svi import Svi
from tests.margin.answering import GOLDEN, exactly
from tests.margin.holding import fixed


@pytest.fixture(scope="module")
def cases() -> dict[str, Any]:
    """One case of each model, with options."""
    found: dict[str, Any] = {}
    for line in GOLDEN.read_text().splitlines():
        case = exactly(line)
        if case["model"] in ("SRM", "PMRM", "PMRM_2") and '"strike"' in line:
            found.setdefault(case["model"], case)
    return found


def changed(case: Any, path: str, value: Any) -> Any:
    """A copy with one field set, or taken away where the value is `...`."""
    copied = place = copy.deepcopy(case)
    *way, last = path.split("/")
    for key in way:
        place = place[int(key) if isinstance(place, list) else key]
    if value is ...:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return copied


WRONG = [
    ("SRM", "model", "SPAN", "model is one of SRM, PMRM, PMRM_2, PMRM_2_1, not 'SPAN'"),
    ("SRM", "model", ..., "model is missing"),
    ("SRM", "params/depeg/threshold", ..., "params.depeg.threshold is missing"),
    ("SRM", "feeds/stable_price", None, "feeds.stable_price is a number, not nothing"),
    ("SRM", "feeds/markets/ETH/spot", "high", "feeds.markets.ETH.spot is a number: 'high' is no decimal number"),
    ("SRM", "portfolio/cash", [], "portfolio.cash is a number, not a list"),
    ("SRM", "portfolio/markets/ETH/options/0/is_call", "C", "portfolio.markets.ETH.options[0].is_call is true"),
    ("SRM", "portfolio/markets/ETH/options/0/sec_to_expiry", Decimal("1.5"),
     "portfolio.markets.ETH.options[0].sec_to_expiry is a whole number, not 1.5"),
    ("PMRM", "params/scenarios/0/vol_shock", "sideways", "params.scenarios[0].vol_shock is one of up, none, down"),
    ("PMRM", "params/margin/im_factor", True, "params.margin.im_factor is a number, not True"),
    ("PMRM", "feeds/expiries/0/forward_fixed", ..., "feeds.expiries[0].forward_fixed is missing"),
    ("PMRM", "feeds/expiries/0/vols/0/vol", ..., "feeds.expiries[0].vols[0].vol is missing"),
    ("PMRM", "feeds/expiries/0/rate", ..., "feeds.expiries[0].rate is missing"),
    ("PMRM_2", "feeds/expiries/0/rate_confidence", ..., "feeds.expiries[0].rate_confidence is missing"),
    ("PMRM", "feeds/perp_price", ..., "feeds.perp_price is missing"),
    ("PMRM_2", "params/skew_shock", 5, "params.skew_shock is an object, not 5"),
    ("PMRM_2", "portfolio/collaterals", {}, "portfolio.collaterals is a list, not an object"),
    ("PMRM_2", "id", 7, "id is a text, not 7"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "path", "value", "says"), WRONG, ids=[one[3] for one in WRONG])
def test_a_wrong_field_is_named(cases: dict[str, Any], model: str, path: str, value: Any, says: str) -> None:
    with pytest.raises(DocumentError) as refused:
        case_of(changed(cases[model], path, value))
    assert str(refused.value).startswith(says)


def test_a_skew_with_a_moved_spot_is_a_wrong_scenario(cases: dict[str, Any]) -> None:
    scenario = {"spot_shock": Decimal("1.1"), "vol_shock": "abs", "dampening_factor": 1}
    with pytest.raises(DocumentError, match=r"^params.scenarios\[0\] is not valid: the skew abs leaves spot at 1"):
        case_of(changed(cases["PMRM_2"], "params/scenarios/0", scenario))


def test_what_a_document_that_is_no_object_says() -> None:
    with pytest.raises(DocumentError, match=r"^the document is an object, not a list$"):
        case_of([])


def test_either_form_of_volatilities_in_every_model(cases: dict[str, Any]) -> None:
    svi = {name: Decimal("0.1") for name in ("a", "b", "rho", "m", "sigma", "tau")} | {"fwd": 2000}
    for model, path in (("SRM", "feeds/markets/ETH/expiries/0"), ("PMRM", "feeds/expiries/0")):
        case = case_of(changed(changed(cases[model], f"{path}/svi", svi), f"{path}/vols", ...))
        feed = case.feeds["ETH"] if isinstance(case, StandardCase) else case.market
        assert any(isinstance(one.surface, Svi) for one in feed.expiries.values())
        case.evaluate()
    quoted = changed(cases["PMRM_2"], "feeds/expiries/0/svi", svi)
    assert isinstance(case_of(quoted), PortfolioCase)


def test_pmrm_2_1_is_pmrm_2(cases: dict[str, Any]) -> None:
    assert case_of(changed(cases["PMRM_2"], "model", "PMRM_2_1")) == case_of(cases["PMRM_2"])


def test_parts_that_may_be_absent(cases: dict[str, Any]) -> None:
    bare = case_of(changed(cases["PMRM"], "portfolio", {"cash": Decimal("1.5")}))
    assert isinstance(bare, PortfolioCase)
    assert bare.evaluate().margin.initial == fixed("1.5")
    assert case_of(changed(cases["PMRM"], "id", ...)).id == ""
    assert case_of(cases["PMRM"]).id == cases["PMRM"]["id"]


def test_an_option_listed_twice_is_one_position(cases: dict[str, Any]) -> None:
    option = {"sec_to_expiry": 7, "strike": 10, "is_call": True, "amount": Decimal("0.5")}
    other = option | {"is_call": False}
    case = case_of(changed(cases["PMRM"], "portfolio/options", [option, other, option]))
    assert isinstance(case, PortfolioCase)
    assert case.held.options == (
        Option(7, fixed(10), True, fixed(1)),
        Option(7, fixed(10), False, fixed("0.5")),
    )


def test_numbers_never_pass_through_floats(cases: dict[str, Any]) -> None:
    text = json.dumps(changed(cases["PMRM"], "portfolio", {"cash": 0}), default=str)
    exact = text.replace('"cash": 0', '"cash": 0.123456789012345678')
    (found,) = cases_in([exact])
    case = case_of(found.document())
    assert isinstance(case, PortfolioCase)
    assert case.cash == Fixed(123_456_789_012_345_678)
