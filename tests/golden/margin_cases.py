"""Random margin cases, drawn to reach what the public ones reach seldom; answered by the plain reference.

python -m tests.golden.margin_cases > tests/golden/margin_cases.jsonl
"""

import json
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.golden.margin_draws import pmrm, pmrm2, standard
from tests.golden.margin_flow_draws import black76, forward, funding, interest, liquidation, svi

SEED = 20_260_107

PLAN = [
    (standard, "any", 30), (standard, "far", 12), (standard, "deep", 10), (pmrm, "any", 25), (pmrm, "basis", 12),
    (pmrm, "plain", 15), (pmrm2, "any", 20), (pmrm2, "basis", 8), (pmrm2, "floor", 8), (pmrm2, "skew", 12),
    (pmrm2, "swapped", 8), (pmrm2, "negative", 6), (liquidation, "plain", 8), (interest, "any", 10),
    (black76, "any", 24), (svi, "any", 12), (forward, "any", 14), (funding, "any", 6),
]  # fmt: skip
"""What is drawn, how, and how often."""


def drawn() -> Iterator[dict[str, Any]]:
    """All cases with what is expected, and the branches that decided."""
    draw = Random(SEED)
    for make, kind, times in PLAN:
        for number in range(1, times + 1):
            case, (expected, branches) = make(draw, kind)
            name = f"{make.__name__}/{kind}/{number}"
            yield {"id": name, **case, "expected": expected, "branches": sorted(set(branches))}


if __name__ == "__main__":
    for one in drawn():
        sys.stdout.write(json.dumps(one) + "\n")
