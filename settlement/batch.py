"""A batch of position changes as the chain will read it, byte for byte, and the digest that names it.

Instrument 4p + i is lane i of page p; a slot of the contract holds an account's four positions of a page. A batch is a
table of marks, a row for each page, and the runs of its rows: what an account's four positions and its cash move by.
The layout is that of contracts/src/libraries/BatchCodec.sol, the digest the EIP-712 struct hash that it names.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from struct import Struct, error
from typing import NamedTuple

from eth_utils.crypto import keccak

GENESIS = bytes(32)
"""The digest before the first batch or cycle."""

LANES = 4
"""Positions in a slot."""

ROW, RUN = Struct(">I3sB4q4q"), Struct(">20s4q4q")
"""Page, number of runs, lanes as bits, four marks, four funding indexes; account, four lots, four cash."""

TYPE_HASH = keccak(text="Batch(uint64 sequence,bytes32 previousDigest,uint64 asOf,bytes marks,bytes runs)")

Four = tuple[int, int, int, int]


class BatchError(ValueError):
    """A batch that cannot be written down: a number beyond its bytes, or a change of an instrument without a mark."""


class Mark(NamedTuple):
    """An instrument's price (1e-6 USD per whole coin), and what one lot has paid since it was listed (1e-6 USD)."""

    price_e6: int
    funding_e6: int = 0


class Change(NamedTuple):
    """What an account's position moves by, and what it received for that (paid, if negative) in 1e-6 USD."""

    lots: int
    cash_units: int


@dataclass(frozen=True, slots=True)
class Run:
    """Changes of one account in the lanes of one page."""

    account: str
    lots: Four
    cash_units: Four


@dataclass(frozen=True, slots=True)
class Row:
    """The marks of a page, in the lanes whose bits are set, and how many of the runs are its own."""

    page: int
    runs: int
    lanes: int
    prices_e6: Four
    funding_e6: Four

    def instruments(self) -> Iterator[tuple[int, int]]:
        """Each marked lane with its instrument."""
        return ((lane, LANES * self.page + lane) for lane in range(8) if self.lanes >> lane & 1)


@dataclass(frozen=True, slots=True)
class MirrorBatch:
    """Net position changes since the batch before, with the marks at which they are seen, as they are sent."""

    sequence: int
    previous_digest: bytes
    as_of_s: int
    marks: bytes
    runs: bytes

    @classmethod
    def of(
        cls,
        sequence: int,
        previous_digest: bytes,
        as_of_s: int,
        marks: Mapping[int, Mark],
        changes: Mapping[tuple[int, str], Change],
    ) -> "MirrorBatch":
        """The one way to write marks by instrument, and changes by instrument and account; empty changes are left out.

        Raises BatchError for a number that does not fit, and for a change of an instrument that has no mark.
        """
        tables = _tables(changes)
        pages = sorted({number // LANES for number in marks} | tables.keys())
        rows, runs = [], []
        for page in pages:
            own = sorted(tables.get(page, {}).items())
            rows.append(_row(page, len(own), marks))
            runs += [_pack(RUN, account, *lots, *cash) for account, (lots, cash) in own]
        if lost := sorted({number for number, _ in changes} - marks.keys()):
            raise BatchError(f"instrument {lost[0]} changes without a mark")
        return cls(sequence, previous_digest, as_of_s, b"".join(rows), b"".join(runs))

    def arguments(self) -> tuple[object, ...]:
        """What the contract's `mirror` takes."""
        return (self.sequence, self.previous_digest, self.as_of_s), self.marks, self.runs

    def digest(self) -> bytes:
        """Raises BatchError for a sequence or time beyond 64 bits."""
        try:
            numbers = [number.to_bytes(8, "big").rjust(32, b"\0") for number in (self.sequence, self.as_of_s)]
        except OverflowError as why:
            raise BatchError(f"sequence {self.sequence} or time {self.as_of_s} is beyond uint64") from why
        words = (TYPE_HASH, numbers[0], self.previous_digest, numbers[1], keccak(self.marks), keccak(self.runs))
        return keccak(b"".join(words))

    def rows(self) -> Iterator[tuple[Row, tuple[Run, ...]]]:
        """Every row with its runs, of a batch that the contract has accepted or `MirrorBatch.of` has written."""
        start = 0
        for place in range(0, len(self.marks), ROW.size):
            row = row_at(self.marks, place)
            end = start + row.runs * RUN.size
            yield row, tuple(run_at(self.runs, at) for at in range(start, end, RUN.size))
            start = end


def row_at(marks: bytes, place: int) -> Row:
    """The row at a byte of the table."""
    page, runs, lanes, *words = ROW.unpack_from(marks, place)
    return Row(page, int.from_bytes(runs, "big"), lanes, _four(words[:LANES]), _four(words[LANES:]))


def run_at(runs: bytes, place: int) -> Run:
    """The run at a byte."""
    account, *words = RUN.unpack_from(runs, place)
    return Run(f"0x{account.hex()}", _four(words[:LANES]), _four(words[LANES:]))


def _tables(changes: Mapping[tuple[int, str], Change]) -> dict[int, dict[bytes, tuple[list[int], list[int]]]]:
    """By page and account: lots and cash by lane."""
    tables: dict[int, dict[bytes, tuple[list[int], list[int]]]] = defaultdict(dict)
    for (number, account), change in changes.items():
        if change == (0, 0):
            continue
        page, lane = divmod(number, LANES)
        lots, cash = tables[page].setdefault(bytes.fromhex(account[2:]), ([0] * LANES, [0] * LANES))
        lots[lane] += change.lots
        cash[lane] += change.cash_units
    return tables


def _row(page: int, runs: int, marks: Mapping[int, Mark]) -> bytes:
    numbers = range(LANES * page, LANES * (page + 1))
    words = [marks.get(number, Mark(0)) for number in numbers]
    lanes = sum(1 << lane for lane, number in enumerate(numbers) if number in marks)
    prices, funding = [mark.price_e6 for mark in words], [mark.funding_e6 for mark in words]
    return _pack(ROW, page, runs.to_bytes(3, "big"), lanes, *prices, *funding)


def _pack(layout: Struct, *values: object) -> bytes:
    try:
        return layout.pack(*values)
    except (error, OverflowError) as why:
        raise BatchError(f"a number does not fit: {why} in {values}") from why


def _four(values: Sequence[int]) -> Four:
    first, second, third, fourth = values
    return first, second, third, fourth
