"""Collateral on its way to an account, from outside or from another: promised in one step, due in a later one."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from margin.contagion.closing import Flags
from margin.contagion.draws import Whole
from margin.contagion.population import Indexes

OUTSIDE = -1
"""The source of what a client brings from outside."""


class Lots(NamedTuple):
    """Who gets what (µ$), and the account that it leaves, or OUTSIDE."""

    account: Indexes
    units: Whole
    source: Indexes

    def of(self, which: Whole | Flags) -> "Lots":
        """Some of them, by place or by flag."""
        return Lots(self.account[which], self.units[which], self.source[which])


NOTHING = Lots(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int32))


@dataclass(slots=True)
class OnTheWay:
    """By the step in which it is due (UTC seconds over a step's); in the order in which it was promised."""

    _due: dict[int, list[Lots]] = field(default_factory=lambda: defaultdict(list))

    def send(self, due: Whole, lots: Lots) -> None:
        """Lots that are due in these steps, one each."""
        order = np.argsort(due, kind="stable")
        ends = np.flatnonzero(np.diff(due[order])) + 1
        for places in np.split(order, ends) if len(due) else ():
            self._due[int(due[places[0]])].append(lots.of(places))

    def due(self, step: int) -> Lots:
        """What is due now; it is on its way no more."""
        return _joined(self._due.pop(step, []))

    def from_outside(self) -> Lots:
        """What clients have promised from outside and still is theirs."""
        whole = _joined([lots for later in self._due.values() for lots in later])
        return whole.of(whole.source == OUTSIDE)


def _joined(parts: list[Lots]) -> Lots:
    if not parts:
        return NOTHING
    return Lots(*(np.concatenate([part[which] for part in parts]) for which in range(3)))
