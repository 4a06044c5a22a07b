"""Closed forms of netting, against the published figures."""

import json
import pathlib
from typing import Any

import pytest

from margin.fixed import Fixed
from margin.netting_benefit import (
    bilateral,
    clearing_one_class_helps,
    lost_netting,
    one_class_cleared,
    separate_houses,
)

PAPERS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "vectors" / "papers.json"


def paper(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(inputs, expected) of a published case."""
    if not PAPERS.is_file():
        pytest.skip("the shared cases from papers are not beside this checkout")
    case = next(case for case in json.loads(PAPERS.read_text())["vectors"] if case["id"] == name)
    return case["inputs"], case["expected"]


def test_expected_exposures() -> None:
    _, expected = paper("dz_expected_exposure")
    assert len(expected) == 20
    for text, figures in expected.items():
        participants, classes = (int(part.split("=")[1]) for part in text.split(","))
        apart, cleared = bilateral(participants, classes), one_class_cleared(participants, classes)
        assert float(apart) == pytest.approx(figures["no_ccp"], abs=1e-6)
        assert float(cleared) == pytest.approx(figures["one_ccp"], abs=1e-6)
        assert float(cleared / apart) == pytest.approx(figures["ratio"], abs=1e-6)
        assert clearing_one_class_helps(participants, classes) == (cleared < apart)


def test_separate_houses() -> None:
    _, expected = paper("dz_ccp_fragmentation")
    for classes, ratio in expected.items():
        assert float(separate_houses(int(classes))) == pytest.approx(ratio, abs=1e-6)


def test_lost_netting_over_venues() -> None:
    _, expected = paper("fragmentation_margin_multiplier")
    for text, ratio in expected.items():
        venues, correlation = text.split(",")
        assert float(lost_netting(int(venues), Fixed.of(correlation))) == pytest.approx(ratio, abs=1e-6)


@pytest.mark.parametrize(("venues", "correlation"), [(2, "-1"), (3, "-0.5"), (4, "-0.9")])
def test_a_portfolio_without_risk_has_no_ratio(venues: int, correlation: str) -> None:
    with pytest.raises(ValueError, match="no portfolio with risk"):
        lost_netting(venues, Fixed.of(correlation))
