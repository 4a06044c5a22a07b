"""`bulkhead bench`: measure a part of Bulkhead against its rivals, on this machine, now."""

import json as json_text
import sys
from typing import Annotated, Any, Literal

from cyclopts import Parameter


def bench(
    what: Literal["ledger", "proof", "gas", "mirror", "margin", "contagion"],
    *,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Measure a part against its rivals: each ratio is the median of rounds in which both run in turn.

    Parameters
    ----------
    what
        The part: ledger, proof, gas, mirror, margin or contagion.
    json
        Print machine, sizes and measures as JSON instead of a table.
    """
    from importlib import import_module

    from scripts.bench.measure import report

    part = import_module(f"scripts.bench.{what}")

    def say(name: str) -> None:
        sys.stderr.write(f"bench {what}: {name} …\n")

    told = report(part.SIZES, part.measures(say))
    sys.stdout.write(json_text.dumps(told, indent=1) + "\n" if json else _table(told))
    return 0


def _table(told: dict[str, Any]) -> str:
    """The measures in lines; a ratio with the least and the most of its rounds."""
    lines = [f"{told['machine']}; sizes {told['sizes']}"]
    for one in told["measures"]:
        against = f" against {_number(one['baseline_value'])} ({one['baseline']})" if one["baseline_value"] else ""
        ratio = f": {one['ratio']:.2f}× ({one['ratio_least']:.2f}–{one['ratio_most']:.2f})" if one["ratio"] else ""
        lines.append(f"{one['measure']:<28} {_number(one['value']):>12} {one['unit']}{against}{ratio}")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100.0 else f"{value:.3g}"
