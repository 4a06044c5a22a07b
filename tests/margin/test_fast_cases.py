"""The fast path against the exact one on every case there is: Derive's own, and those of the independent script."""

import json
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from margin.case_schema import StandardCase, case_of
from tests.margin.twins import BOUND, portfolio_errors, standard_errors

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "derive_margin.json"
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "margin_cases.jsonl"
MODELS = ("SRM", "PMRM", "PMRM_2")


def worst_error(cases: list[Any]) -> float:
    return max(chain.from_iterable(errors(one) for one in cases))


def errors(document: Any) -> list[float]:
    case = case_of(document)
    if isinstance(case, StandardCase):
        return list(standard_errors(case.parameters, case.stable_price, case.feeds, [(case.cash, case.holdings)]))
    found = portfolio_errors(case.parameters, case.stable_price, case.market, [(case.cash, case.held)])
    return [error for _, _, error in found]


@pytest.mark.parametrize("model", MODELS)
def test_both_paths_agree_on_derives_cases(model: str) -> None:
    if not VECTORS.exists():
        pytest.skip("the shared margin vectors are not beside this checkout")
    cases = [one for one in json.loads(VECTORS.read_text(), parse_float=Decimal)["cases"] if one["model"] == model]
    assert len(cases) > 60
    assert worst_error(cases) < BOUND


@pytest.mark.parametrize("model", MODELS)
def test_both_paths_agree_on_the_cases_of_the_plain_script(model: str) -> None:
    lines = [json.loads(line, parse_float=Decimal) for line in GOLDEN.read_text().splitlines()]
    cases = [one for one in lines if one["model"] == model]
    assert len(cases) > 20
    assert worst_error(cases) < BOUND
