"""The book in columns against the plain mirror, on random streams that arrive in any order, with repeats and gaps."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.database import LEDGER, Database, open_database
from margin.instruments import Instrument
from settlement.batch import GENESIS, Change, Mark, MirrorBatch
from settlement.batch_rules import BookState, check
from settlement.engine import stored
from settlement.engine.book import FAR, BookError
from settlement.engine.intake import Intake
from settlement.engine.packing import Limits
from settlement.engine.restoring import checkpoint, restore
from settlement.engine.valuation import cash_of, stale_columns, unsettled_units
from settlement.mirror import Fill, Mirror
from settlement.records import DESK
from settlement.replica import Replica
from settlement.reports import Entries, EntryKind, reporting_domain
from tests.settlement.engine import market
from tests.settlement.engine.market import EXPIRY_S, START_MS, entry, fills, report

PARTIES = 6
DOMAIN = reporting_domain(31_337, "0x" + "11" * 20)
BY_ID: dict[int, Instrument] = {one.id: one for one in market.INSTRUMENTS}
LATE_MS = EXPIRY_S * 1000


@dataclass
class Twin:
    """The same stream told to the plain mirror, one entry at a time; `pot` and `clearing` take the other sides."""

    mirror: Mirror = field(default_factory=lambda: Mirror(BY_ID))
    entries: list[Entries] = field(default_factory=list)
    live: dict[int, Any] = field(default_factory=dict)
    index: dict[int, int] = field(default_factory=dict)
    final: dict[int, int] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    replaced: dict[int, int] = field(default_factory=dict)
    _booked: int = 0

    @property
    def next(self) -> int:
        return len(self.entries) + 1

    def say(self, one: Entries, refusal: str = "") -> None:
        if refusal:
            self.refused[self.next] = refusal
        self.entries.append(one)

    def _book(self, instrument: int, buyer: str, seller: str, lots: int, price_e6: int) -> None:
        self._booked += 1
        if lots:
            self.mirror.book(Fill("harbour", self._booked, instrument, buyer, seller, lots, price_e6, 1, "trade"))

    def _pass(self, one: Any, *, back: bool = False) -> None:
        buyer, seller = str(one["buyer"]), str(one["seller"])
        if back:
            buyer, seller = seller, buyer
        number, lots = int(one["instrument"]), int(one["lots"])
        self._book(number, buyer, seller, lots, int(one["price_e6"]))
        if number in self.final:
            self._book(number, seller, buyer, lots, self.final[number])

    def fill(self, one: Entries) -> None:
        if int(one["instrument"][0]) in self.final:
            self.say(one, "instrument_expired")
            return
        self.live[self.next] = one[0]
        self._pass(one[0])
        self.say(one)

    def amend(self, about: int, correction: Entries | None) -> None:
        kind = EntryKind.BUST if correction is None else EntryKind.CORRECTION
        said = entry(EntryKind.BUST, about=about) if correction is None else correction
        said["about"], said["kind"] = about, kind
        while about in self.replaced:
            about = self.replaced[about]
        original = self.live.pop(about, None)
        if original is None:
            is_fill = 0 < about < self.next and self.entries[about - 1]["kind"][0] in (1, 3)
            gone = is_fill and about not in self.refused
            self.say(said, "already_undone" if gone else "about_no_booked_fill")
            return
        self._pass(original, back=True)
        if correction is not None:
            self.live[self.next] = correction[0]
            self.replaced[about] = self.next
            self._pass(correction[0])
        self.say(said)

    def fund(self, instrument: int, index_e6: int) -> None:
        said = entry(EntryKind.FUNDING, instrument=instrument, price_e6=index_e6)
        if instrument in self.final:
            self.say(said, "instrument_expired")
            return
        moved, self.index[instrument] = index_e6 - self.index.get(instrument, 0), index_e6
        for party in range(PARTIES):
            lots = self.mirror.holdings("harbour", str(party)).get(instrument, 0)
            self.mirror.owe("harbour", str(party), "pot", lots * moved)
        self.say(said)

    def expire(self, value_e6: int) -> None:
        said = entry(EntryKind.EXPIRY, instrument=2, price_e6=value_e6, occurred_at_ms=LATE_MS)
        if 2 in self.final:
            self.say(said, "instrument_expired")
            return
        for party in range(PARTIES):
            lots = self.mirror.holdings("harbour", str(party)).get(2, 0)
            buyer, seller = ("clearing", str(party)) if lots > 0 else (str(party), "clearing")
            self._book(2, buyer, seller, abs(lots), value_e6)
        self.final[2] = value_e6
        self.say(said)


def stream(seed: int, length: int) -> Twin:
    """A stream of every kind, good and bad, with what it should come to."""
    draw, twin = np.random.default_rng(seed), Twin()
    for one in fills(length, seed):
        choice, about = draw.integers(20), int(draw.integers(1, twin.next + 1))
        said = np.array([one])
        if choice < 12:
            twin.fill(said)
        elif choice < 14:
            twin.amend(about, None)
        elif choice < 16 and int(one["instrument"]) not in twin.final:
            twin.amend(about, said)
        elif choice == 16:
            twin.fund(int(one["instrument"]), int(draw.integers(-(10**6), 10**6)))
        elif choice == 17 and draw.integers(8) == 0:
            twin.expire(int(draw.integers(1, 10**6)) * 10_000)
        elif choice == 18:
            said["lots"] = -1
            twin.say(said, "lots_must_be_positive")
    return twin


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "ledger.sqlite", schemas=(LEDGER, DESK))) as opened:
        yield opened


def intake(limits: Limits | None = None) -> Intake:
    return Intake(market.roster(PARTIES), DOMAIN, limits or Limits())


def rows(one: Intake) -> list[int]:
    """The row of each party by its number."""
    return one.roster.numbers["harbour"].rows.tolist()


def require_equal(one: Intake, twin: Twin) -> None:
    cash = cash_of(one.book, "harbour")
    for party, row in enumerate(rows(one)):
        held = twin.mirror.holdings("harbour", str(party))
        columns = {number: int(one.book.lots[market.LISTED[number], row]) for number in market.LISTED}
        assert {number: lots for number, lots in columns.items() if lots} == held
        assert cash[row] == twin.mirror.cash_units.get(("harbour", str(party)), 0)


def arrivals(twin: Twin, seed: int) -> list[Any]:
    """The stream cut into reports, some cut twice in different places, repeated, and shuffled."""
    draw, said = np.random.default_rng(seed), []
    for _ in range(2):
        cuts = sorted({0, len(twin.entries), *draw.integers(0, len(twin.entries), 5).tolist()})
        said += pairwise(cuts)
    draw.shuffle(said)
    return [report(start + 1, *twin.entries[start:stop]).signed(DOMAIN, market.VENUE) for start, stop in said]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([Limits(), Limits(gas=300_000), Limits(calldata_bytes=400)]))
def test_the_columns_are_the_plain_mirror_whatever_the_order(seed: int, limits: Limits) -> None:
    twin = stream(seed, 80)
    with (
        TemporaryDirectory() as folder,
        closing(open_database(Path(folder) / "ledger.sqlite", schemas=(LEDGER, DESK))) as database,
    ):
        one, batches = intake(limits), []
        for said in arrivals(twin, seed):
            with database.transaction() as tx:
                batches += one.take(tx, [said], START_MS)
                if seed % 3 == 0:
                    batches += one.cut(tx, START_MS)
        with database.transaction() as tx:
            batches += one.cut(tx, START_MS)
        require_equal(one, twin)
        assert one.book.reached == {"harbour": len(twin.entries)}
        with database.snapshot() as tx:
            refused = tx.exec_driver_sql("SELECT number, refusal FROM refused_entry")
            assert dict(map(tuple, refused)) == twin.refused
            assert tx.exec_driver_sql("SELECT COUNT(*) FROM refused_report").scalar() == 0
        require_told(one, batches)
        require_restored(one, twin, database)


def require_told(one: Intake, batches: list[Any]) -> None:
    """What the batches say, applied by the contract's rules and by the auditor's replica, is the book."""
    state, replica = BookState(instruments=7), Replica(dict.fromkeys(range(8), 10**15))
    for out in batches:
        assert check(out.batch, state) is None
        state = state.after(out.batch)
        replica.apply(out.batch)
    addresses = market.accounts(PARTIES)
    for party, row in enumerate(rows(one)):
        for column in market.LISTED.values():
            assert state.lots(addresses[party], column) == one.book.lots[column, row]
            told = replica.cash_units.get((addresses[party], column), 0)
            assert told == one.book.cash_units[column, row] + one.book.funded_units[column, row]
    assert (one.book.lots == one.book.sent_lots).all()
    assert (one.book.cash_units + one.book.funded_units == one.book.sent_units).all()


def test_a_checkpoint_that_does_not_fit_is_passed_over(database: Database) -> None:
    one = intake()
    with database.transaction() as tx:
        one.take(tx, [report(1, fills(30, 1)).signed(DOMAIN, market.VENUE)], START_MS)
        one.cut(tx, START_MS)
        checkpoint(one, tx)
    wider = Intake(market.roster(PARTIES + 1), DOMAIN)
    with database.snapshot() as tx:
        restore(wider, tx)
    assert int(wider.book.lots.sum(axis=1).any()) == 0
    assert sorted(wider.book.lots.reshape(-1)[wider.book.lots.reshape(-1) != 0]) == sorted(
        one.book.lots.reshape(-1)[one.book.lots.reshape(-1) != 0]
    )
    with database.transaction() as tx:
        tx.exec_driver_sql("UPDATE mirror_checkpoint SET state = x'00'")
        again = intake()
        restore(again, tx)
    assert (again.book.lots == one.book.lots).all()


def require_restored(one: Intake, twin: Twin, database: Database) -> None:
    """From the reports alone, and from a checkpoint, the book is the same to the byte."""
    for keep in (False, True):
        if keep:
            with database.transaction() as tx:
                checkpoint(one, tx)
        again = intake()
        with database.snapshot() as tx:
            restore(again, tx)
        require_equal(again, twin)
        assert (again.sequence, again.digest) == (one.sequence, one.digest)
        assert again.book.replaced == one.book.replaced
        assert len(again.book.changes()) == 0
        for name in ("lots", "cash_units", "funded_units", "sent_lots", "sent_units", "sent_funding_e6", "mark_e6",
                     "final_e6"):  # fmt: skip
            assert (getattr(again.book, name) == getattr(one.book, name)).all(), name


def test_the_streams_have_everything_in_them() -> None:
    """A control: refusals of every kind that a stream can have, and busts and corrections that count."""
    twins = [stream(seed, 80) for seed in range(60)]
    refusals = {why for twin in twins for why in twin.refused.values()}
    assert refusals == {"instrument_expired", "already_undone", "about_no_booked_fill", "lots_must_be_positive"}
    kinds = [
        int(one["kind"][0])
        for twin in twins
        for number, one in enumerate(twin.entries, 1)
        if number not in twin.refused
    ]
    assert all(kinds.count(kind) > 20 for kind in (1, 2, 3, 4))
    assert kinds.count(6) > 5


def test_unsettled_pnl_is_cash_and_lots_at_the_marks(database: Database) -> None:
    one = intake()
    said = (
        entry(lots=10, price_e6=60_000_000_000),
        entry(EntryKind.MARK, price_e6=61_000_000_000),
        entry(EntryKind.FUNDING, price_e6=250),
    )
    with database.transaction() as tx:
        one.take(tx, [report(1, *said).signed(DOMAIN, market.VENUE)], START_MS)
    row = rows(one)
    profit = unsettled_units(one.book, "harbour")
    assert [profit[row[party]] for party in range(4)] == [0, 10 * 10**6 - 2_500, -10 * 10**6 + 2_500, 0]


def test_a_mark_is_stale_by_its_own_time_where_somebody_holds_lots(database: Database) -> None:
    one, later_ms = intake(), START_MS + 1_000
    said = (
        entry(),
        entry(instrument=3),
        entry(EntryKind.MARK, occurred_at_ms=START_MS),
        entry(EntryKind.MARK, instrument=2, price_e6=10_000),
    )
    with database.transaction() as tx:
        one.take(tx, [report(1, *said).signed(DOMAIN, market.VENUE)], START_MS)
    assert stale_columns(one.book, "harbour", later_ms, 1_000).tolist() == [5], "it was never marked"
    assert stale_columns(one.book, "harbour", later_ms, 999).tolist() == [1, 5]
    assert one.book.mark_e6[5] == 60_000_000_000, "until it is, the first fill's price stands in"


def test_pnl_beyond_what_fits_is_not_said(database: Database) -> None:
    one = intake()
    dear = entry(EntryKind.MARK, price_e6=(1 << 62) // 10_000 * 10_000)
    with database.transaction() as tx:
        one.take(tx, [report(1, entry(lots=2_000), dear).signed(DOMAIN, market.VENUE)], START_MS)
    with pytest.raises(BookError, match="at these marks"):
        unsettled_units(one.book, "harbour")


def test_holdings_that_no_market_has_are_a_fault(database: Database) -> None:
    one = intake()
    huge = entry(lots=(1 << 53) // 10 - 1, price_e6=10_000)
    said = [report(number, huge).signed(DOMAIN, market.VENUE) for number in range(1, 700)]
    with database.transaction() as tx, pytest.raises(BookError, match=r"beyond 2\^62"):
        one.take(tx, said, START_MS)
    assert np.abs(one.book.cash_units.astype(object)).max() < 2 * FAR, "int64 has not wrapped"


def test_a_batch_packed_at_once_has_the_plain_batchs_bytes(database: Database) -> None:
    one = intake()
    with database.transaction() as tx:
        one.take(tx, [report(1, fills(200, 3)).signed(DOMAIN, market.VENUE)], START_MS)
        changes = one.book.changes()
        (out,) = one.cut(tx, START_MS)
    names = ["0x" + address.tobytes().hex() for address in one.roster.addresses]
    plain = {
        (int(column), names[row]): Change(int(lots), int(cash))
        for column, row, lots, cash in zip(changes.column, changes.row, changes.lots, changes.cash_units, strict=True)
    }
    marks = {column: Mark(int(one.book.mark_e6[column])) for column in market.LISTED.values()}
    assert out.batch == MirrorBatch.of(1, GENESIS, START_MS // 1000, marks, plain)
    assert len(plain) > 10
    with database.snapshot() as tx:
        assert stored.batches_after(tx, 0) == [out]
