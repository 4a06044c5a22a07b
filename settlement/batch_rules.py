"""The contract's rules for a batch, once more and plainly: what it refuses, in what order, where positions are then.

The twin of contracts/src/PositionBook.sol: it reads lane by lane with Python's whole numbers what the contract adds
four lanes at a time. Whoever sends a batch asks here first; whoever doubts the contract compares the two.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from settlement.batch import GENESIS, LANES, ROW, RUN, MirrorBatch, Row, Run, row_at, run_at

INT64 = range(-(1 << 63), 1 << 63)


class Refusal(StrEnum):
    """Why a batch is not mirrored; where several hold, the earlier in the order of reading is the answer."""

    WRONG_SEQUENCE = "wrong sequence"
    WRONG_PREVIOUS_DIGEST = "wrong previous digest"
    WRONG_MARKS_LENGTH = "wrong marks length"
    MARKS_NOT_SORTED = "marks not sorted"
    WRONG_LANES = "wrong lanes"
    INSTRUMENT_NOT_LISTED = "instrument not listed"
    INSTRUMENT_NOT_MARKED = "instrument not marked"
    WRONG_RUNS_LENGTH = "wrong runs length"
    RUNS_NOT_SORTED = "runs not sorted"
    EMPTY_RUN = "empty run"
    LOTS_OVERFLOW = "lots overflow"
    INSTRUMENT_NOT_ZERO_SUM = "instrument not zero sum"
    CASH_NOT_ZERO_SUM = "cash not zero sum"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same batch could be mirrored later: after others, or once more is listed."""
        return self in (
            Refusal.WRONG_SEQUENCE,
            Refusal.WRONG_PREVIOUS_DIGEST,
            Refusal.INSTRUMENT_NOT_LISTED,
            Refusal.LOTS_OVERFLOW,
        )


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal with what explains it; as text the same sentence as the contract's revert."""

    refusal: Refusal
    facts: tuple[tuple[str, int | str | bytes], ...]

    def __str__(self) -> str:
        told = (f"{name} 0x{fact.hex()}" if isinstance(fact, bytes) else f"{name} {fact}" for name, fact in self.facts)
        return f"{self.refusal} ({', '.join(told)})"


@dataclass(frozen=True, slots=True)
class BookState:
    """What the contract holds: the last batch, how many instruments are listed, lots by (account, instrument)."""

    instruments: int
    sequence: int = 0
    digest: bytes = GENESIS
    positions: Mapping[tuple[str, int], int] | None = None

    def lots(self, account: str, instrument: int) -> int:
        """A position; zero where there is none."""
        return (self.positions or {}).get((account.lower(), instrument), 0)

    def after(self, batch: MirrorBatch) -> "BookState":
        """The state once a batch that `check` lets pass is mirrored."""
        positions = dict(self.positions or {})
        for row, runs in batch.rows():
            for run in runs:
                for lane, lots in enumerate(run.lots):
                    key = run.account, LANES * row.page + lane
                    positions[key] = positions.get(key, 0) + lots
        held = {key: lots for key, lots in positions.items() if lots}
        return BookState(self.instruments, batch.sequence, batch.digest(), held)


def check(batch: MirrorBatch, state: BookState) -> Refused | None:
    """What the contract would say to a batch of these bytes, sent by its operator; None if it would mirror it."""
    return next(_faults(batch, state), None)


def _refused(refusal: Refusal, **facts: int | str | bytes) -> Refused:
    return Refused(refusal, tuple(facts.items()))


def _faults(batch: MirrorBatch, state: BookState) -> Iterator[Refused]:
    """Every fault in the order of reading; what follows a fault may be one only because of it."""
    due = state.sequence + 1
    if batch.sequence != due:
        yield _refused(Refusal.WRONG_SEQUENCE, expected=due, given=batch.sequence)
    if batch.previous_digest != state.digest:
        yield _refused(Refusal.WRONG_PREVIOUS_DIGEST, expected=state.digest, given=batch.previous_digest)
    if len(batch.marks) % ROW.size:
        yield _refused(Refusal.WRONG_MARKS_LENGTH, given=len(batch.marks))
    start, page = 0, -1
    for index in range(len(batch.marks) // ROW.size):
        row = row_at(batch.marks, index * ROW.size)
        if row.page <= page:
            yield _refused(Refusal.MARKS_NOT_SORTED, index=index)
        yield from _row_faults(row, index, state.instruments)
        end = start + row.runs * RUN.size
        if end > len(batch.runs):
            yield _refused(Refusal.WRONG_RUNS_LENGTH, expected=end, given=len(batch.runs))
        yield from _runs_faults(batch.runs, start, end, row, state)
        start, page = end, row.page
    if start != len(batch.runs):
        yield _refused(Refusal.WRONG_RUNS_LENGTH, expected=start, given=len(batch.runs))


def _row_faults(row: Row, index: int, listed: int) -> Iterator[Refused]:
    if not 0 < row.lanes < 1 << LANES:
        yield _refused(Refusal.WRONG_LANES, index=index, lanes=row.lanes)
    for _, instrument in row.instruments():
        if not 0 < instrument <= listed:
            yield _refused(Refusal.INSTRUMENT_NOT_LISTED, instrument=instrument)
    for lane in range(LANES):
        if (row.prices_e6[lane] or row.funding_e6[lane]) and not row.lanes >> lane & 1:
            yield _refused(Refusal.INSTRUMENT_NOT_MARKED, instrument=LANES * row.page + lane)


def _runs_faults(runs: bytes, start: int, end: int, row: Row, state: BookState) -> Iterator[Refused]:
    account = "0x" + "00" * 20
    lots, cash = [0] * LANES, [0] * LANES
    for place in range(start, end, RUN.size):
        run = run_at(runs, place)
        if run.account <= account:
            yield _refused(Refusal.RUNS_NOT_SORTED, index=place // RUN.size)
        yield from _run_faults(run, place // RUN.size, row, state)
        account = run.account
        for lane in range(LANES):
            lots[lane] += run.lots[lane]
            cash[lane] += run.cash_units[lane]
    for refusal, sums in ((Refusal.INSTRUMENT_NOT_ZERO_SUM, lots), (Refusal.CASH_NOT_ZERO_SUM, cash)):
        for lane, total in enumerate(sums):
            if total:
                yield _refused(refusal, instrument=LANES * row.page + lane, sum=total)


def _run_faults(run: Run, index: int, row: Row, state: BookState) -> Iterator[Refused]:
    if not any((*run.lots, *run.cash_units)):
        yield _refused(Refusal.EMPTY_RUN, index=index)
    for lane in range(LANES):
        if (run.lots[lane] or run.cash_units[lane]) and not row.lanes >> lane & 1:
            yield _refused(Refusal.INSTRUMENT_NOT_MARKED, instrument=LANES * row.page + lane)
    for lane, lots in enumerate(run.lots):
        instrument = LANES * row.page + lane
        if state.lots(run.account, instrument) + lots not in INT64:
            yield _refused(Refusal.LOTS_OVERFLOW, account=run.account, instrument=instrument)
