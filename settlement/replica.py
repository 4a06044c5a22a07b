"""Positions, cash and marks as batches alone tell them, and what every party is due: the auditor's copy of the mirror.

Lots come with the cash that was paid or received for them, so unsettled P&L is `cash + lots × mark`, exactly. Funding
is an index, what one lot has paid since it was listed: when it moves, whoever held lots before the batch pays.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from settlement.batch import GENESIS, LANES, Mark, MirrorBatch, Row, Run

E18 = 10**18

Key = tuple[str, int]
"""An account and an instrument."""


class ReplicaError(ValueError):
    """A batch that does not follow on the ones before, or a position that cannot be valued; the text says which."""


@dataclass(slots=True)
class Replica:
    """The fold of batches, in order. `lot_sizes_e18`: coins per lot by instrument, as the chain lists them."""

    lot_sizes_e18: dict[int, int]
    sequence: int = 0
    digest: bytes = GENESIS
    positions: dict[Key, int] = field(default_factory=lambda: defaultdict(int))
    cash_units: dict[Key, int] = field(default_factory=lambda: defaultdict(int))
    marks: dict[int, Mark] = field(default_factory=dict)

    def apply(self, batch: MirrorBatch) -> None:
        """Take in the next batch. Raises ReplicaError, and changes nothing, if it is not the next."""
        if (batch.sequence, batch.previous_digest) != (self.sequence + 1, self.digest):
            raise ReplicaError(f"batch {batch.sequence} does not follow on {self.sequence}, {self.digest.hex()}")
        for row, runs in batch.rows():
            self._mark(row)
            self._move(row, runs)
        self.sequence, self.digest = batch.sequence, batch.digest()

    def _mark(self, row: Row) -> None:
        for lane, instrument in row.instruments():
            moved = row.funding_e6[lane] - self.marks.get(instrument, Mark(0)).funding_e6
            if moved:
                for (account, held), lots in list(self.positions.items()):
                    if held == instrument:
                        self.cash_units[account, instrument] -= lots * moved
            self.marks[instrument] = Mark(row.prices_e6[lane], row.funding_e6[lane])

    def _move(self, row: Row, runs: tuple[Run, ...]) -> None:
        for run in runs:
            for lane, (lots, cash) in enumerate(zip(run.lots, run.cash_units, strict=True)):
                if lots or cash:
                    key = run.account, LANES * row.page + lane
                    self.positions[key] += lots
                    self.cash_units[key] += cash

    def worth_units(self, key: Key) -> int:
        """A position at its mark, in 1e-6 USD. Raises ReplicaError where that is no whole number of them."""
        lots, instrument = self.positions[key], key[1]
        worth, rest = divmod(lots * self.marks[instrument].price_e6 * self.lot_sizes_e18[instrument], E18)
        if rest:
            raise ReplicaError(f"{lots} lots of {instrument} at {self.marks[instrument].price_e6}e-6 USD are not exact")
        return worth

    def dues(self, instruments: Collection[int]) -> dict[str, int]:
        """Unsettled P&L in some instruments, a venue's, by account: what a cycle that is cut off here pays."""
        due: dict[str, int] = defaultdict(int)
        for key, cash in self.cash_units.items():
            if key[1] in instruments:
                due[key[0]] += cash + self.worth_units(key)
        return dict(due)

    def settle(self, instruments: Collection[int]) -> None:
        """The dues in these instruments are settled: P&L starts again from today's marks."""
        for key in self.cash_units:
            if key[1] in instruments:
                self.cash_units[key] = -self.worth_units(key)
