"""Waterfalls are data: every field is asked for by name, and what is wrong is named with its line."""

from fractions import Fraction
from pathlib import Path

import pytest

from margin.adl import AdlPrice, AdlRank
from margin.default_waterfall import Custody, WaterfallError
from margin.scenarios.table import ScenarioError
from margin.waterfall_file import PROFILES, named, profiles, read_waterfall

HYPERLIQUID = (PROFILES / "hyperliquid.toml").read_text()
OKX = (PROFILES / "okx.toml").read_text()


def written(tmp_path: Path, text: str, name: str = "hyperliquid") -> Path:
    path = tmp_path / f"{name}.toml"
    path.write_text(text)
    return path


def test_all_profiles_are_there_and_only_one_is_ring_fenced() -> None:
    assert profiles() == ("binance", "deribit", "derive", "dydx", "hyperliquid", "okx", "pooled", "segregated")
    custody = {name: named(name).custody for name in profiles()}
    assert [name for name, how in custody.items() if how is Custody.SEGREGATED] == ["segregated"]
    for name in profiles():
        assert all(step.source and step.confidence in "PSWA" for step in named(name).steps)


def test_the_numbers_of_the_venues() -> None:
    rule = named("hyperliquid").rule
    assert (rule.slice_bps, rule.small_units, rule.pause_s, rule.backstop) == (
        2_000,
        100_000 * 10**6,
        30,
        Fraction(2, 3),
    )
    assert named("dydx").rule.slice_bps == 1_000
    okx, hyperliquid = named("okx").steps, named("hyperliquid").steps
    assert okx[1].fall is not None
    assert (okx[1].fall.fall_bps, okx[1].fall.window_s) == (3_000, 8 * 3_600)
    assert okx[2].adl is not None
    assert okx[2].adl.price is AdlPrice.MARK
    assert hyperliquid[2].adl is not None
    assert (hyperliquid[2].adl.rank, hyperliquid[2].adl.price) == (
        AdlRank.PRICE_TIMES_LEVERAGE,
        AdlPrice.PREVIOUS_MARK,
    )


@pytest.mark.parametrize(
    ("text", "old", "new", "why"),
    [
        (HYPERLIQUID, 'means = "backstop"', 'means = "bailout"', "step.means: expected one of own_collateral"),
        (HYPERLIQUID, 'payer = "the account"\n', "", "step.payer: expected a value"),
        (HYPERLIQUID, 'confidence = "P"', 'confidence = "X"', "step.confidence: expected one of P, C, S"),
        (HYPERLIQUID, 'backstop = "2/3"', 'backstop = "3/2"', "backstop: expected a share"),
        (HYPERLIQUID, 'backstop = "2/3"', 'backstop = "0.67"', "backstop: expected a share"),
        (HYPERLIQUID, "slice_bps = 2_000", "slice_bps = 0", "slice_bps: expected a whole number"),
        (HYPERLIQUID, "slice_bps = 2_000", "slices_bps = 2_000", "expected one of the keys"),
        (HYPERLIQUID, 'price = "previous_mark"', "", "step.price: expected a value"),
        (HYPERLIQUID, 'custody = "pooled"', 'custody = "mixed"', "custody: expected one of segregated, pooled"),
        (HYPERLIQUID, "[[step]]", "[[steps]]", r"expected the tables \[\[step\]\]"),
        (HYPERLIQUID[: HYPERLIQUID.index("[[step]]")], "", "", r"at least one \[\[step\]\]"),
        (OKX, "window_s = 28_800", "", "step.window_s: expected a value"),
        (OKX, "fall_bps = 3_000", "fell_bps = 3_000", "expected one of the keys"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, old: str, new: str, why: str) -> None:
    with pytest.raises(ScenarioError, match=why):
        read_waterfall(written(tmp_path, text.replace(old, new, 1)))


def test_a_waterfall_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WaterfallError, match="name of its file"):
        read_waterfall(written(tmp_path, OKX))
    derive = (PROFILES / "derive.toml").read_text().replace('custody = "pooled"', 'custody = "segregated"')
    with pytest.raises(WaterfallError, match="another client's compartment"):
        read_waterfall(written(tmp_path, derive, "derive"))
    with pytest.raises(KeyError, match="expected one of binance, deribit"):
        named("ftx")
