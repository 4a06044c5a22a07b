"""What one factor alone changes, and two together: cells that are equal in everything else, subtracted.

Δ_custody = mean over matched cells of Z(segregated) − Z(omnibus), and so for calls, netting and the rule of losses; a
two-way interaction is what one factor's effect changes by with the other (specs/contagion.md §6.2). Each is a weight a
cell, so that a sum over cells is the effect of any metric on any seed and any group of accounts. `placebos` says
what the method makes of labels that mean nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import Any

import numpy as np

from margin.contagion.draws import Floats
from margin.contagion.regimes import Call, Custody, LossRule, Netting, Regime


@dataclass(frozen=True, slots=True)
class Step:
    """From one level of a factor to another; `factor` is the name of a regime's field."""

    name: str
    factor: str
    low: StrEnum
    high: StrEnum

    def at(self, cell: Regime, level: StrEnum) -> Regime:
        change: dict[str, Any] = {self.factor: level}
        return replace(cell, **change)


CUSTODY = Step("custody", "custody", Custody.OMNIBUS, Custody.SEGREGATED_MULTI_VENUE)
STATIC = Step("custody_static", "custody", Custody.OMNIBUS, Custody.SEGREGATED_STATIC)
STEPS = (
    CUSTODY,
    Step("call", "call", Call.INSTANT, Call.GRACE),
    Step("netting", "netting", Netting.PER_VENUE, Netting.ACROSS_VENUES),
    Step("loss_pro_rata", "loss_rule", LossRule.QUEUE_ADL, LossRule.PRO_RATA),
    Step("loss_ring_fence", "loss_rule", LossRule.QUEUE_ADL, LossRule.RING_FENCE),
)
"""The factors that are balanced against each other; a static lock is compared by itself."""

Weights = Mapping[Regime, float]


def contrasts(cells: Sequence[Regime]) -> dict[str, Weights]:
    """By name, the weights of every effect and two-way interaction that these cells can tell; they sum to zero.

    Static locks cannot be netted across venues, so they enter nothing but `custody_static`, or calls and loss rules
    would be compared over other cells than custody is.
    """
    movable = [cell for cell in cells if cell.custody is not Custody.SEGREGATED_STATIC]
    found = {step.name: _weights(movable, [step]) for step in STEPS}
    found[STATIC.name] = _weights(cells, [STATIC])
    for one, other in combinations(STEPS, 2):
        if one.factor != other.factor:
            found[f"{one.name} x {other.name}"] = _weights(movable, [one, other])
    return {name: weights for name, weights in found.items() if weights}


def _weights(cells: Sequence[Regime], steps: Sequence[Step]) -> Weights:
    """The mean over all corners that are there of the step, or of the step of a step."""
    known, whole = set(cells), []
    for cell in cells:
        corners = {cell: 1.0}
        for step in steps:
            if getattr(cell, step.factor) is not step.high:
                corners = {}
            corners |= {step.at(one, step.low): -sign for one, sign in corners.items()}
        if corners and corners.keys() <= known:
            whole.append(corners)
    weights: dict[Regime, float] = {}
    for corners in whole:
        for cell, sign in corners.items():
            weights[cell] = weights.get(cell, 0.0) + sign / len(whole)
    return weights


def applied(weights: Weights, cells: Sequence[Regime], values: Floats) -> Floats:
    """The effect: `values` have the cells along their first axis, whatever else along the others."""
    return np.asarray(np.tensordot(np.array([weights.get(cell, 0.0) for cell in cells]), values, axes=(0, 0)))
