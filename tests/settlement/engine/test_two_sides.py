"""After every single entry the mirror and the venue's own books come to the same P&L: a cut-off may be anywhere."""

from contextlib import closing
from pathlib import Path

from custody.database import LEDGER, open_database
from settlement.engine.intake import Intake
from settlement.engine.roster import Member, Roster
from settlement.engine.valuation import unsettled_units
from settlement.records import DESK
from settlement.reports import EntryKind
from settlement.venues.crowd import Crowd
from settlement.venues.venue_books import statement
from tests.settlement.venues.listing import DOMAIN, REGISTRY, SIGNER, START_MS, venue

ACCOUNTS = tuple("0x" + f"{number + 1:02x}" * 20 for number in range(5))
MINUTE_MS, EVER_MS = 60_000, 1 << 62


def test_both_sides_agree_after_every_entry(tmp_path: Path) -> None:
    """Found by schedule 7: until a mark came, one side took an open position at cost and the other at nothing."""
    made = venue(most_entries=1)
    crowd = Crowd(made, tuple(range(len(ACCOUNTS))), {"ETH": 3_000_000_000, "BTC": 90_000_000_000}, seed=7)
    for minute in range(70):
        crowd.trade(8, START_MS + minute * MINUTE_MS)
        if minute % 5 == 4:
            crowd.turn(START_MS + minute * MINUTE_MS)
    listed = {number: number for number in REGISTRY.by_number}
    roster = Roster.of([Member("harbour", SIGNER.address, ACCOUNTS, tuple(REGISTRY.by_number.values()))], listed)
    intake, entries = Intake(roster, DOMAIN), made.tape.entries()
    with closing(open_database(tmp_path / "desk.sqlite", schemas=(LEDGER, DESK))) as database:
        for report in made.publish():
            with database.transaction() as tx:
                intake.take(tx, [report], START_MS)
            told = statement("harbour", REGISTRY.by_number, entries[: report.last], EVER_MS).profit_units
            rows = roster.numbers["harbour"].rows
            mirrored = unsettled_units(intake.book, "harbour")
            assert {number: told.get(number, 0) for number in range(len(ACCOUNTS))} == {
                number: int(mirrored[rows[number]]) for number in range(len(ACCOUNTS))
            }, f"after entry {report.last}, {entries[report.last - 1]}"
    kinds = {one.kind for one in entries}
    assert {EntryKind.FILL, EntryKind.BUST, EntryKind.CORRECTION, EntryKind.FUNDING, EntryKind.MARK} <= kinds, "control"
    assert any(told.values()), "a control: somebody made something"
