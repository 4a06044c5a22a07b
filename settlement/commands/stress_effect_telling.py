"""How `bulkhead stress effect` is told: what was fixed first, then where custody changes nothing or harms, then others
(specs/contagion.md §12)."""

import math
from collections.abc import Iterator

from margin.contagion.effects import CUSTODY, STATIC
from margin.contagion.metrics import BY_ACCOUNT, METRICS
from margin.contagion.payers import Payer
from margin.contagion.phase import Interval
from margin.contagion.placebos import Placebo, Within
from margin.contagion.trial import digest_of
from settlement.commands.stress_effect import NAMES, WITHOUT_TOP, BreakEven, Effects, Estimate, taken
from settlement.commands.stress_listing import table_digest
from settlement.commands.stress_mapping import ended
from settlement.commands.stress_setting import Setting

OF = {one.name: one for one in METRICS}
BRIEF = ("liquidated_usd", "shortfall_usd", "loss_usd", "innocent_loss_usd")
"""What is printed of each matched cell; the report has every metric."""
FORMS = (CUSTODY.name, STATIC.name)


def no_better(found: Effects) -> list[Estimate]:
    """Where segregation changes nothing that can be shown, or harms: overall, then by matched cell; worst first."""
    every = [one for one in found.estimates if one.contrast in FORMS] + list(found.pairs)
    return [one for one in every if one.metric not in found.empty and _harms(one) and one.seeds.high >= 0.0]


def better(found: Effects) -> list[Estimate]:
    """What custody alone changes besides, for the better or where neither more nor less is worse."""
    worse = no_better(found)
    return [
        one for one in found.estimates
        if one.contrast in FORMS and one.metric not in found.empty and one not in worse
    ]  # fmt: skip


def others(found: Effects) -> list[Estimate]:
    """Calls, netting, loss rules, and what two do together."""
    return [one for one in found.estimates if one.contrast not in FORMS and one.metric not in found.empty]


def _harms(one: Estimate) -> bool:
    return OF[one.metric.removeprefix(WITHOUT_TOP)].harm


def number(name: str, value: float) -> str:
    """In millions where it is in $; the unit with it."""
    if not math.isfinite(value):
        return "none"
    unit = OF[name.removeprefix(WITHOUT_TOP)].unit
    if unit.startswith("$") and abs(value) >= 1e5:
        return f"{value / 1e6:+,.{1 if abs(value) < 1e8 else 0}f} $m{unit[1:]}"
    return f"{value:+,.4g}" + ("" if unit == "1" else f" {unit}")


def ranged(name: str, one: Interval | None) -> str:
    if one is None:
        return "no sum over accounts"
    if not math.isfinite(one.low):
        return "one seed: no interval"
    return f"{number(name, one.low)} to {number(name, one.high)}"


def told(one: Estimate) -> str:
    over = f"; over accounts {ranged(one.metric, one.accounts)}" if one.accounts else ""
    return f"{one.contrast}, {one.metric}: {number(one.metric, one.seeds.mean)} ({ranged(one.metric, one.seeds)}{over})"


def odds_told(one: BreakEven) -> str:
    if not math.isfinite(one.odds.mean):
        return f"{one.cell}: never, it keeps {one.saved.mean:.1%} of balances"
    ends = f"{one.odds.low:.3%} to {one.odds.high:.3%}" if one.odds.low > 0.0 else "one seed: no interval"
    return f"{one.cell}: {one.odds.mean:.3%} a year ({ends}; by fees {one.cheap:.3%} to {one.dear:.3%})"


def payers(found: Effects) -> list[tuple[str, dict[str, float]]]:
    """By cell, the mean of what each payer bore ($), unpaid always among them."""
    at = {payer: NAMES.index(f"paid_{payer}_usd") for payer in Payer}
    return [
        (str(cell), {str(payer): float(found.values[place, which].mean()) for payer, which in at.items()
                     if payer is Payer.UNPAID or found.values[place, which].any()})
        for place, cell in enumerate(found.cells)
    ]  # fmt: skip


def lines(world: Setting, found: Effects) -> Iterator[str]:
    """In the order of the specification."""
    yield f"regimes fixed before the run: {table_digest()}"
    yield "custody alone, no better or worse (the interval over seeds touches zero or is above it):"
    yield from (told(one) for one in no_better(found) if one.contrast in FORMS or one.metric in BRIEF)
    yield f"custody alone, the rest, at BTC depth ${world.base.instruments[0].depth_usd / 1e6:,.0f}m per 1%:"
    yield from (told(one) for one in better(found))
    yield f"forced orders can have made at most {found.explained:.0%} of the fall (square root law)"
    for cell, paid in payers(found):
        yield f"{cell}: shortfall borne by " + ", ".join(f"{who} ${usd / 1e6:,.1f}m" for who, usd in paid.items())
    yield "over depth and hedged open interest: bulkhead stress phase"
    yield f"assumptions {digest_of(world.base)[:16]}, with their marks: bulkhead stress assumptions"
    yield "odds of a venue's default at which segregation pays its fee:"
    yield from (odds_told(one) for one in found.break_evens)
    yield "calls, netting and loss rules, and two together:"
    yield from (told(one) for one in others(found))
    yield f"nothing of it in any run: {', '.join(found.empty) or 'none'}"
    if found.placebo is not None:
        yield "placebo, labels of custody shuffled:"
        yield from (_placebo_told(found.placebo, name, at) for at, name in enumerate(NAMES) if name not in found.empty)
    if found.within is not None:
        yield f"placebo, half of the clients of {found.cells[0]} labelled segregated and treated as the others:"
        yield from (
            _within_told(found.within, name, at) for at, name in enumerate(BY_ACCOUNT) if name not in found.empty
        )


def _placebo_told(found: Placebo, name: str, at: int) -> str:
    once = taken(found.once, at)
    return (
        f"{name}: {number(name, once.mean)} ({ranged(name, once)}); {found.covered[at]:.0%} of intervals cover zero, "
        f"{found.as_far[at]:.1%} of shufflings are as far from it as custody is"
    )


def _within_told(found: Within, name: str, at: int) -> str:
    once = taken(found.once, at)
    return f"{name}: {number(name, once.mean)} ({ranged(name, once)}); {found.covered[at]:.0%} of intervals cover zero"


def document(world: Setting, found: Effects) -> dict[str, object]:
    """For programs: equal inputs give equal bytes."""
    shuffled, within = found.placebo, found.within
    return {
        "regimes_digest": table_digest(), "assumptions": digest_of(world.base), "accounts": world.accounts,
        "seeds": world.seeds, "code": world.code, "cells": [str(cell) for cell in found.cells],
        "no_better_or_worse": [row(one) for one in no_better(found)],
        "effects": [row(one) for one in found.estimates], "matched": [row(one) for one in found.pairs],
        "explained": found.explained, "shortfall_by_payer_usd": dict(payers(found)),
        "break_even_default_per_year": [
            {"cell": one.cell, "kept_part": one.saved.mean, "odds": ended(one.odds.mean), "low": ended(one.odds.low),
             "high": ended(one.odds.high), "cheap": ended(one.cheap), "dear": ended(one.dear)}
            for one in found.break_evens
        ],
        "nothing_in_any_run": list(found.empty),
        "metrics": {one.name: {"unit": one.unit, "definition": one.definition} for one in METRICS},
        "placebo": None if shuffled is None else {
            name: {"mean": float(shuffled.once.mean[at]), "low": ended(float(shuffled.once.low[at])),
                   "high": ended(float(shuffled.once.high[at])), "covered": float(shuffled.covered[at]),
                   "as_far": float(shuffled.as_far[at])} for at, name in enumerate(NAMES)
        },
        "placebo_within": None if within is None else {
            name: {"mean": float(within.once.mean[at]), "low": float(within.once.low[at]),
                   "high": float(within.once.high[at]), "covered": float(within.covered[at])}
            for at, name in enumerate(BY_ACCOUNT)
        },
    }  # fmt: skip


def row(one: Estimate) -> dict[str, object]:
    """An estimate as columns; no interval is none."""
    over = one.accounts
    return {
        "contrast": one.contrast, "metric": one.metric, "mean": one.seeds.mean, "low": ended(one.seeds.low),
        "high": ended(one.seeds.high), "accounts_low": ended(over.low) if over else None,
        "accounts_high": ended(over.high) if over else None,
    }  # fmt: skip
