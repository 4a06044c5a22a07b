"""What the file of assumptions may say of an instrument's margins, and what is said of one that is wrong."""

import copy
import tomllib
from importlib import resources
from typing import Any

import pytest

from margin.contagion.assumption_reading import read
from margin.contagion.assumptions import AssumptionError, Assumptions


def document(**margins: object) -> dict[str, Any]:
    """The packaged file with these margins of bitcoin."""
    text = resources.files("margin.contagion").joinpath("assumptions.toml").read_text(encoding="utf-8")
    found = copy.deepcopy(tomllib.loads(text))
    found["instrument"]["BTC"] |= margins
    return found


def test_none_has_tiers_and_silver_alone_is_announced(assumptions: Assumptions) -> None:
    assert read(document()) == assumptions
    assert {one.maintenance_tiers for one in assumptions.instruments} == {()}
    assert {one.symbol: one.announced_by for one in assumptions.instruments if one.announced_by} == {"XAG": "CME"}


def test_an_instrument_may_have_tiers_and_an_exchange_that_announces(assumptions: Assumptions) -> None:
    found = read(document(maintenance_tiers=[["50000", 60], ["250000", 100]], announced_by="LME")).instruments[0]
    assert found.maintenance_tiers == ((50_000_000_000, 6_000), (250_000_000_000, 10_000))
    assert (found.maintenance_ppm, found.announced_by) == (5_000, "LME")


@pytest.mark.parametrize(
    ("margins", "complaint"),
    [
        ({"maintenance_tiers": []}, r"instrument\.BTC: maintenance_tiers: expected pairs like .*, found \[\]"),
        ({"maintenance_tiers": [["50000", 50]]}, r"instrument\.BTC: maintenance_tiers: .*found \['50000', 50\]"),
        ({"announced_by": "CMEE"}, r"instrument\.BTC: announced_by is one of CME, LME, not 'CMEE'"),
        ({"announced_by": ""}, "announced_by is one of CME, LME, not ''"),
        ({"announced": "CME"}, r"instrument\.BTC: announced is unknown"),
    ],
)
def test_what_is_wrong_is_named(margins: dict[str, object], complaint: str) -> None:
    with pytest.raises(AssumptionError, match=complaint):
        read(document(**margins))
