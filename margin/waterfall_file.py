"""A waterfall as a TOML file: every field by name, none guessed, none passed over, each step with its source.

Amounts are decimal texts in USD, shares basis points or fractions such as "2/3". What is not what it must be raises
ScenarioError with the file, the line, the field, what was expected and what was found.
"""

import re
from fractions import Fraction
from pathlib import Path

from margin.adl import AdlPrice, AdlRank, AdlTerms
from margin.default_waterfall import Custody, Means, Step, Waterfall, WaterfallError
from margin.insurance_fund import BPS, FallRule
from margin.liquidation_rule import LiquidationRule
from margin.scenarios.document import read_document
from margin.scenarios.events import CONFIDENCES
from margin.scenarios.table import Table

PROFILES = Path(__file__).parent / "waterfalls"

_RATIO = re.compile(r"(\d{1,3})/([1-9]\d{0,2})")
_LONGEST_S = 366 * 86_400


def profiles() -> tuple[str, ...]:
    """The names of the waterfalls that come with this package."""
    return tuple(sorted(path.stem for path in PROFILES.glob("*.toml")))


def named(name: str) -> Waterfall:
    """One of `profiles()`. Raises KeyError for another name."""
    if name not in profiles():
        raise KeyError(f"{name}: expected one of {', '.join(profiles())}")
    return read_waterfall(PROFILES / f"{name}.toml")


def read_waterfall(path: Path) -> Waterfall:
    """The waterfall in a file. Raises ScenarioError; WaterfallError for one that cannot be."""
    document = read_document(path)
    document.require_only(["step"])
    top = document.top
    if "step" not in document.tables:
        raise top.error("step", "at least one [[step]]")
    found = Waterfall(
        name=top.text("name"),
        title=top.text("title"),
        custody=Custody(top.choice("custody", list(Custody))),
        maintenance=top.text("maintenance"),
        path=top.text("path"),
        rule=_rule(top),
        steps=tuple(map(_step, document.tables["step"])),
    )
    top.finish()
    if found.name != path.stem:
        raise WaterfallError(f"{path}: a waterfall has the name of its file, not {found.name}")
    return found


def _rule(top: Table) -> LiquidationRule:
    if not top.has("slice_bps"):
        return LiquidationRule()
    return LiquidationRule(
        top.integer("slice_bps", 1, BPS), top.scaled("small", 6), top.integer("pause_s", 0, _LONGEST_S), _backstop(top)
    )


def _backstop(top: Table) -> Fraction:
    ratio = _RATIO.fullmatch(top.text("backstop"))
    if ratio is None or int(ratio[1]) > int(ratio[2]):
        raise top.error("backstop", 'a share of maintenance margin up to one, like "2/3"')
    return Fraction(int(ratio[1]), int(ratio[2]))


def _step(row: Table) -> Step:
    step = Step(
        means=Means(row.choice("means", list(Means))),
        payer=row.text("payer"),
        source=row.text("source"),
        confidence=row.choice("confidence", list(CONFIDENCES)),
        fall=_fall(row),
        adl=_adl(row),
    )
    row.finish()
    return step


def _fall(row: Table) -> FallRule | None:
    if not row.has("fall_bps"):
        return None
    return FallRule(row.integer("fall_bps", 1, BPS), row.integer("window_s", 1, _LONGEST_S))


def _adl(row: Table) -> AdlTerms | None:
    if not row.has("rank"):
        return None
    is_whole = row.choice("closes", ["whole_positions", "what_is_needed"]) == "whole_positions"
    rank, price = row.choice("rank", list(AdlRank)), row.choice("price", list(AdlPrice))
    return AdlTerms(AdlRank(rank), AdlPrice(price), is_whole)
