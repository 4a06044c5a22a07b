"""What is refused, in order of precedence; repeats, contradictions and gaps."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from custody.database import LEDGER, Database, DatabaseError, open_database
from custody.signers import LocalSigner
from settlement.engine import intake as intake_module
from settlement.engine import tables
from settlement.engine.intake import Intake
from settlement.engine.judging import Window
from settlement.engine.verdicts import EntryRefusal, ReportRefusal
from settlement.records import DESK
from settlement.reports import Entries, EntryKind, Report, reporting_domain
from tests.settlement.conftest import postgres, postgres_url
from tests.settlement.engine import market
from tests.settlement.engine.market import EXPIRY_S, START_MS, entry, fills, report

__all__ = ["postgres", "postgres_url"]

DOMAIN = reporting_domain(31_337, "0x" + "11" * 20)
HOUR_MS = 3_600_000
WINDOW = Window(HOUR_MS, HOUR_MS)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    place = str(tmp_path / "l.sqlite") if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with closing(open_database(place, schemas=(LEDGER, DESK))) as opened:
        yield opened


@pytest.fixture
def intake() -> Intake:
    return Intake(market.roster(), DOMAIN, window=WINDOW)


def signed(first: int, *said: Entries) -> Report:
    return report(first, *said).signed(DOMAIN, market.VENUE)


def take(database: Database, intake: Intake, *reports: Report) -> None:
    with database.transaction() as tx:
        intake.take(tx, reports, START_MS)


def column(database: Database, query: str) -> list[object]:
    with database.snapshot() as tx:
        return list(tx.exec_driver_sql(query).scalars())


REFUSED = [
    (entry(EntryKind.FILL, kind=0), "unknown_kind"),
    (entry(EntryKind.FILL, kind=7, cause=9), "unknown_kind"),
    (entry(cause=4), "unknown_cause"),
    (entry(cause=4, occurred_at_ms=0), "unknown_cause"),
    (entry(occurred_at_ms=START_MS - HOUR_MS - 1), "occurred_too_long_ago"),
    (entry(occurred_at_ms=START_MS + HOUR_MS + 1, instrument=9), "occurred_in_the_future"),
    (entry(instrument=9, buyer=77), "unknown_instrument"),
    (entry(instrument=0), "unknown_instrument"),
    (entry(EntryKind.MARK, instrument=4_000_000_000), "unknown_instrument"),
    (entry(buyer=77, seller=77), "unknown_account"),
    (entry(seller=6), "unknown_account"),
    (entry(buyer=2, lots=0), "buyer_is_seller"),
    (entry(lots=0, price_e6=0), "lots_must_be_positive"),
    (entry(lots=-(2**63)), "lots_must_be_positive"),
    (entry(price_e6=-5), "price_must_be_positive"),
    (entry(EntryKind.MARK, price_e6=0), "price_must_be_positive"),
    (entry(EntryKind.EXPIRY, instrument=1, price_e6=-1), "price_must_be_positive"),
    (entry(price_e6=10_001, lots=2**62), "off_tick"),
    (entry(lots=2**62, price_e6=2**40 * 10_000), "worth_exceeds_range"),
    (entry(EntryKind.EXPIRY, instrument=1), "cannot_expire"),
    (entry(EntryKind.EXPIRY, instrument=2, occurred_at_ms=1000 * EXPIRY_S - 1), "cannot_expire"),
    (entry(EntryKind.BUST, about=0), "about_no_booked_fill"),
    (entry(EntryKind.BUST, about=1), "about_no_booked_fill"),
    (entry(EntryKind.CORRECTION, about=2), "about_no_booked_fill"),
    (entry(EntryKind.MARK, occurred_at_ms=START_MS - 1), "older_than_the_last"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "refusal"), REFUSED)
def test_an_entry_is_refused_by_name_and_the_next_is_booked(
    database: Database, intake: Intake, said: Entries, refusal: str
) -> None:
    take(database, intake, signed(1, entry(EntryKind.MARK), said, entry(lots=3)))
    assert column(database, "SELECT refusal FROM refused_entry") == [refusal]
    assert intake.book.lots.max() == 3


def test_the_table_reaches_every_refusal_that_needs_no_history_in_order() -> None:
    reached = list(dict.fromkeys(refusal for _, refusal in REFUSED))
    needs_history = {EntryRefusal.INSTRUMENT_EXPIRED, EntryRefusal.ALREADY_UNDONE, EntryRefusal.NOT_AS_SIGNED}
    assert reached == [str(one) for one in EntryRefusal if one not in needs_history]


def test_a_fill_that_was_refused_cannot_be_busted(database: Database, intake: Intake) -> None:
    take(database, intake, signed(1, entry(lots=0)), signed(2, entry(EntryKind.BUST, about=1)))
    assert column(database, "SELECT refusal FROM refused_entry ORDER BY number") == [
        "lots_must_be_positive", "about_no_booked_fill",
    ]  # fmt: skip


def test_a_correction_may_come_in_another_report_and_be_busted_by_the_first_number(
    database: Database, intake: Intake
) -> None:
    take(database, intake, signed(1, entry(lots=5)), signed(2, entry(EntryKind.CORRECTION, about=1, lots=7)))
    assert intake.book.lots.max() == 7
    take(database, intake, signed(3, entry(EntryKind.BUST, about=1), entry(EntryKind.BUST, about=2)))
    assert not intake.book.lots.any()
    assert not intake.book.cash_units.any()
    assert column(database, "SELECT refusal FROM refused_entry") == ["already_undone"]


def test_a_bust_after_expiry_takes_back_what_the_expiry_paid(database: Database, intake: Intake) -> None:
    expiry = entry(EntryKind.EXPIRY, instrument=2, price_e6=500_000_000, occurred_at_ms=1000 * EXPIRY_S)
    take(database, intake, signed(1, entry(instrument=2, price_e6=100_000_000), expiry))
    assert intake.book.cash_units.max() == 400_000
    assert not intake.book.lots.any()
    take(database, intake, signed(3, entry(EntryKind.BUST, about=1), entry(instrument=2)))
    assert not intake.book.cash_units.any()
    assert column(database, "SELECT refusal FROM refused_entry") == ["instrument_expired"]


def test_what_was_heard_twice_was_heard_once(database: Database, intake: Intake) -> None:
    said = fills(9, 1)
    whole = signed(1, said)
    take(database, intake, whole)
    lots = intake.book.lots.copy()
    take(database, intake, whole, signed(3, said[2:5]), signed(1, said[:1]))
    assert (intake.book.lots == lots).all()
    assert column(database, "SELECT last FROM report") == [9]
    take(database, intake, signed(5, said[4:], fills(2, 2)))
    assert column(database, "SELECT new_from FROM report ORDER BY last") == [1, 10]
    assert column(database, "SELECT COUNT(*) FROM refused_report") == [0]


def test_what_is_missing_is_waited_for(database: Database, intake: Intake) -> None:
    said = fills(9, 1)
    take(database, intake, signed(7, said[6:]), signed(4, said[3:5]))
    assert intake.gaps() == {"harbour": (1, 3)}
    assert not intake.book.lots.any()
    take(database, intake, signed(1, said[:4]))
    assert (intake.book.reached, intake.gaps()) == ({"harbour": 5}, {"harbour": (6, 6)})
    take(database, intake, signed(6, said[5:6]))
    assert (intake.book.reached, intake.gaps()) == ({"harbour": 9}, {})


def test_a_report_is_refused_whole_and_kept(
    database: Database, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "MOST_ENTRIES", 4)
    said = fills(4, 1)
    take(database, intake, signed(1, said))
    lots = intake.book.lots.copy()
    lie = said.copy()
    lie["lots"][2] += 1
    long = np.concatenate((said, said))
    stranger = LocalSigner.for_demonstration("stranger")
    for refusal, report_ in (
        (ReportRefusal.UNKNOWN_VENUE, replace(signed(1, long), venue="quay")),
        (ReportRefusal.TOO_MANY_ENTRIES, report(5, long)),
        (ReportRefusal.NOT_SIGNED_BY_THE_VENUE, report(1, lie).signed(DOMAIN, stranger)),
        (ReportRefusal.CONTRADICTS_AN_EARLIER_REPORT, signed(2, lie[1:])),
        (ReportRefusal.CONTRADICTS_AN_EARLIER_REPORT, signed(3, lie[2:], said[:1])),
    ):
        with database.transaction() as tx:
            tx.exec_driver_sql("DELETE FROM refused_report")
        take(database, intake, report_, report_)
        assert column(database, "SELECT refusal FROM refused_report") == [refusal]
        assert (intake.book.lots == lots).all()


def test_the_revision_makes_what_the_tables_say(database: Database) -> None:
    named = {tables.REPORT, tables.REFUSED_ENTRY, tables.REFUSED_REPORT, tables.BATCH, tables.CHECKPOINT, tables.LEADER}
    names = {table.name for table in named}
    with database.snapshot() as tx:
        context = MigrationContext.configure(tx, opts={"compare_server_default": True})
        differences = [one for one in compare_metadata(context, SQLModel.metadata) if any(n in str(one) for n in names)]
    assert differences == []


def test_the_database_refuses_a_second_first_report(database: Database, intake: Intake) -> None:
    take(database, intake, signed(1, fills(2, 1)))
    with pytest.raises(DatabaseError, match=r"report|UNIQUE"):
        take(database, Intake(market.roster(), DOMAIN, window=WINDOW), signed(1, fills(2, 1)))
