"""A batch of thousands of runs written at once; the plain twin is `MirrorBatch.of`, and the bytes are the same.

A batch is cut by what it costs: gas a slot that is new, gas a slot that is not. The figures are the worst of
`bulkhead bench gas` over all lanes, calldata included.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from settlement.batch import LANES, RUN, MirrorBatch
from settlement.engine.book import Book, Changes
from settlement.engine.judging import Judged
from settlement.engine.roster import Ints
from settlement.engine.verdicts import BOOKED
from settlement.reports import Entries, EntryKind

BASE_GAS, ROW_GAS, NEW_RUN_GAS, RUN_GAS = 60_000, 10_000, 28_000, 9_500
"""A transaction, a row of marks, a run that fills a slot for the first time, a run that changes one."""

_TURNS = (EntryKind.BUST, EntryKind.CORRECTION, EntryKind.EXPIRY)
_RUN = np.dtype([("account", "V20"), ("lots", ">i8", LANES), ("cash", ">i8", LANES)])
_ROW = np.dtype([("page", ">u4"), ("runs", "V3"), ("lanes", "u1"), ("price", ">i8", LANES), ("funding", ">i8", LANES)])


@dataclass(frozen=True, slots=True)
class Limits:
    """What one batch may cost. 2^24 gas is what the Osaka rules allow one transaction."""

    gas: int = (1 << 24) - 1
    calldata_bytes: int = 1 << 20


@dataclass(slots=True)
class Meter:
    """What the batch in the making costs so far, and how many more entries it holds."""

    limits: Limits
    width: int
    rows: int
    gas: int = BASE_GAS
    runs: int = 0
    _dirty: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """A new batch."""
        self.gas, self.runs = BASE_GAS + ROW_GAS * (self.width // LANES), 0
        self._dirty = np.zeros(self.width // LANES * self.rows, np.bool_)

    def take(self, book: Book, entries: Entries, judged: Judged) -> int:
        """How many of the entries fit, at least one into an empty batch; they are counted in."""
        fills = np.flatnonzero((entries["kind"] == EntryKind.FILL) & (judged.codes == BOOKED))
        page = judged.column[fills] // LANES
        sides = np.concatenate((judged.buyer[fills], judged.seller[fills]))
        run, at = np.unique(np.tile(page, 2) * self.rows + sides, return_index=True)
        fresh = ~self._dirty[run]
        run, at = run[fresh], fills[at[fresh] % max(len(fills), 1)]
        # The index that `unique` gives is the first among buyers, then sellers: an entry too late at worst, by one run.
        empty = ~book.sent_lots.reshape(-1, LANES, self.rows).any(axis=1).reshape(-1)[run] if len(run) else fresh[:0]
        gas, runs = np.zeros(len(entries), np.int64), np.zeros(len(entries), np.int64)
        np.add.at(gas, at, np.where(empty, NEW_RUN_GAS, RUN_GAS))
        np.add.at(runs, at, 1)
        for turn in np.flatnonzero(np.isin(entries["kind"], _TURNS)).tolist():
            runs[turn] = self._runs_of(book, entries, judged, turn)
            gas[turn] = runs[turn] * NEW_RUN_GAS
        within = (np.cumsum(gas) <= self.limits.gas - self.gas) & (
            np.cumsum(runs) <= self.limits.calldata_bytes // RUN.size - self.runs
        )
        count = len(entries) if within.all() else int(np.argmin(within))
        count = count or (1 if self.runs == 0 else 0)
        self.gas += int(gas[:count].sum())
        self.runs += int(runs[:count].sum())
        self._dirty[run[at < count]] = True
        return count

    @staticmethod
    def _runs_of(book: Book, entries: Entries, judged: Judged, turn: int) -> int:
        if entries["kind"][turn] != EntryKind.EXPIRY:
            return 4
        return int(np.count_nonzero(book.lots[judged.column[turn]])) if judged.codes[turn] == BOOKED else 0


def pack(book: Book, changes: Changes, sequence: int, previous_digest: bytes, as_of_s: int) -> MirrorBatch:
    """The batch that tells these changes, with the marks of what moved or was marked."""
    columns = book.marked_columns(changes)
    pages = np.unique(columns // LANES)
    rows = book.lots.shape[1]
    run, inverse = np.unique(changes.column // LANES * rows + changes.row, return_inverse=True)
    packed = np.zeros(len(run), _RUN)
    packed["account"] = np.ascontiguousarray(book.roster.addresses[run % rows]).view("V20").reshape(-1)
    packed["lots"][inverse, changes.column % LANES] = changes.lots
    packed["cash"][inverse, changes.column % LANES] = changes.cash_units
    counts = np.bincount(np.searchsorted(pages, run // rows), minlength=len(pages))
    table = np.zeros(len(pages), _ROW)
    place, lane = np.searchsorted(pages, columns // LANES), columns % LANES
    table["page"] = pages
    table["runs"] = (
        np.ascontiguousarray(counts.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:]).view("V3").reshape(-1)
    )
    np.add.at(table["lanes"], place, (1 << lane).astype(np.uint8))
    table["price"][place, lane] = book.mark_e6[columns]
    table["funding"][place, lane] = book.funding_e6[columns]
    return MirrorBatch(sequence, previous_digest, as_of_s, table.tobytes(), packed.tobytes())


def unpack(runs: NDArray[np.uint8], pages: Ints) -> tuple[NDArray[np.uint8], Ints, Ints, Ints]:
    """The inverse, for one who has `pages` a run: addresses, columns, lots and cash of each lane that moved."""
    packed = runs.view(_RUN)
    lots, cash = packed["lots"].astype(np.int64), packed["cash"].astype(np.int64)
    place, lane = np.nonzero((lots != 0) | (cash != 0))
    addresses = np.ascontiguousarray(packed["account"][place]).view(np.uint8).reshape(-1, 20)
    return addresses, pages[place] * LANES + lane, lots[place, lane], cash[place, lane]


def pages_of(marks: bytes) -> Ints:
    """The page of each run, by the table of marks that announces them."""
    table = np.frombuffer(marks, _ROW)
    high = np.ascontiguousarray(table["runs"]).view(np.uint8).reshape(-1, 3).astype(np.int64)
    counts = high[:, 0] << 16 | high[:, 1] << 8 | high[:, 2]
    return np.repeat(table["page"].astype(np.int64), counts)


def funding_of(marks: bytes) -> tuple[Ints, Ints]:
    """The columns that a table of marks is about, and the funding index of each, 1e-6 USD a lot."""
    table = np.frombuffer(marks, _ROW)
    place, lane = np.nonzero(table["lanes"][:, None] >> np.arange(LANES) & 1)
    columns: Ints = table["page"].astype(np.int64)[place] * LANES + lane
    return columns, table["funding"].astype(np.int64)[place, lane]
