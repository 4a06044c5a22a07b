"""The venue's statement and the engine's own record as sides of a reconciliation: each lie is found."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from custody.database import LEDGER as LEDGER_TABLES
from custody.database import Database, open_database
from settlement.batch import GENESIS, Change, Mark, MirrorBatch
from settlement.cli import main
from settlement.contracts import POSITIONS, Contracts
from settlement.devnet import Anvil
from settlement.engine.mirrored_record import mirrored
from settlement.engine.stored import (
    Outgoing,
    Taken,
    digest_at,
    store_batch,
    store_confirmed,
    store_refused_entries,
    store_reports,
)
from settlement.engine.verdicts import EntryRefusal
from settlement.reconciling.breaks import BreakType, Outcome, Source
from settlement.reconciling.positions import Beside
from settlement.reconciling.statement import Statement
from settlement.records import DESK
from settlement.reports import EntryKind, Report
from settlement.signed_marks import Mark as FeedMark
from settlement.signed_marks import MarkBatch
from settlement.venues.entry import Entry
from tests.settlement.reconciling.ground import LISTED, USD, Ground, account, add_to_slot, ground_on
from tests.settlement.reconciling.test_statement import stated

LEDGER, VENUE, CHAIN = Source
NOON_MS = 43_200_000
PRICE_E6 = 90_000 * USD
BOOKED = [
    Entry(EntryKind.FILL, 7, NOON_MS, 4, PRICE_E6, 3, 4),
    Entry(EntryKind.FILL, 7, NOON_MS, 6, PRICE_E6, 3, 4),
    Entry(EntryKind.FILL, 7, NOON_MS, 9, PRICE_E6, 3, 4),
    Entry(EntryKind.BUST, 0, NOON_MS, about=3),
    Entry(EntryKind.FILL, 7, NOON_MS, 1, PRICE_E6, 3, 9),
]
"""Entries 1 to 5 of the venue: the third is busted, and the fifth is refused, for nobody has account 9."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def database(place: Path) -> Iterator[Database]:
    with closing(open_database(place, schemas=(LEDGER_TABLES, DESK))) as opened:
        yield opened


def outgoing(sequence: int, previous: bytes, changes: dict[tuple[int, str], Change], last: int) -> Outgoing:
    batch = MirrorBatch.of(sequence, previous, 100, {LISTED: Mark(PRICE_E6)}, changes)
    return Outgoing(batch, batch.digest(), {"harbour": last}, len(changes), NOON_MS)


@pytest.fixture
def ground(contracts: Contracts, database: Database) -> Ground:
    """The engine has taken in five entries and told the chain of them in the one batch that the ground mirrors."""
    ground = ground_on(contracts, database)
    long, short = (holder.lower() for holder in ground.holders.values())
    changes = {(LISTED, long): Change(10, -900 * USD), (LISTED, short): Change(-10, 900 * USD)}
    body = b"".join(one.packed() for one in BOOKED)
    with database.transaction() as tx:
        store_reports(tx, [Taken(Report("harbour", 1, body), 1, NOON_MS)], [bytes(32)])
        store_refused_entries(tx, "harbour", {5: EntryRefusal.UNKNOWN_ACCOUNT}, NOON_MS)
        store_batch(tx, outgoing(1, GENESIS, changes, 5))
        store_confirmed(tx, 1, NOON_MS)
    return ground


def rows(ground: Ground) -> list[dict[str, Any]]:
    """An honest statement."""
    accounts = [{"number": str(number), "holder": one} for number, one in enumerate(ground.holders.values(), 3)]
    head = {
        "record": "statement", "venue": "harbour", "first": "1", "last": "5", "accounts": accounts,
        "instruments": [{"id": "7", "number": str(LISTED)}],
    }  # fmt: skip
    balances = [{"record": "balance", "account": account(party).id, "units": "100"} for party in ground.holders]
    positions = [
        {"record": "position", "account": number, "instrument": "7", "side": side, "lots": "10"}
        for number, side in (("3", "long"), ("4", "short"))
    ]
    fill = {"record": "fill", "kind": "fill", "cause": "trade", "instrument": "7", "buyer": "3", "seller": "4",
            "price_e6": str(PRICE_E6), "occurred_at_ms": str(NOON_MS), "about": "0"}  # fmt: skip
    return [head, *balances, *positions, {**fill, "number": "1", "lots": "4"}, {**fill, "number": "2", "lots": "6"}]


def outcome(ground: Ground, statement: Statement | None) -> Outcome:
    with ground.database.snapshot() as reader:
        own = mirrored(reader, *(("harbour", 1, 5) if statement else ("", 0, 0)))
    return ground.outcome(Beside(own, statement))


def honest(ground: Ground) -> Statement:
    return stated(*rows(ground))


def found(ground: Ground, statement: Statement | None) -> list[tuple[str, BreakType, Source, int]]:
    return [(one.what, one.type, one.owner, one.effect_e6) for one in outcome(ground, statement).breaks]


def test_three_sides_that_agree_have_no_breaks(ground: Ground) -> None:
    told = outcome(ground, honest(ground))
    # Seven without them; two mirrored positions, one cut-off, two balances, two fills.
    assert (told.breaks, told.explained, told.compared) == ((), (), 14)
    assert told.reconciled


def test_a_position_that_the_venue_states_otherwise_is_the_venues(ground: Ground) -> None:
    clean = honest(ground)
    key = (ground.holders["hedger"].lower(), LISTED)
    lot_e6 = PRICE_E6 // 1_000
    more = replace(clean, positions={**clean.positions, key: 11})
    assert found(ground, more) == [("mirrored position", BreakType.AMOUNT, VENUE, lot_e6)]
    none = replace(clean, positions={one: lots for one, lots in clean.positions.items() if one != key})
    assert found(ground, none) == [("mirrored position", BreakType.MISSING, VENUE, 10 * lot_e6)]


def test_a_position_that_the_chain_has_otherwise_is_the_chains(ground: Ground) -> None:
    read = POSITIONS.call("positionOf", ground.holders["hedger"], LISTED)
    add_to_slot(ground, ground.contracts.positions, read, 2 << (192 - 64 * LISTED))
    lots_e6 = 2 * PRICE_E6 // 1_000
    assert found(ground, honest(ground)) == [
        ("position", BreakType.AMOUNT, CHAIN, lots_e6), ("mirrored position", BreakType.AMOUNT, CHAIN, lots_e6),
    ]  # fmt: skip


def test_a_batch_that_the_engine_did_not_write_is_found(ground: Ground) -> None:
    """The chain's calldata and storage agree with one another: only the engine's own record tells."""
    long, short = (holder.lower() for holder in ground.holders.values())
    ground.mirror({(LISTED, long): Change(1, -90 * USD), (LISTED, short): Change(-1, 90 * USD)})
    assert found(ground, None) == [("mirrored position", BreakType.AMOUNT, CHAIN, PRICE_E6 // 1_000)] * 2
    assert ground.outcome().reconciled


def test_a_batch_on_its_way_is_explained_once_it_has_arrived(ground: Ground) -> None:
    long, short = (holder.lower() for holder in ground.holders.values())
    changes = {(LISTED, long): Change(1, -90 * USD), (LISTED, short): Change(-1, 90 * USD)}
    with ground.database.transaction() as tx:
        previous = digest_at(tx, 1)
        assert previous is not None
        store_batch(tx, outgoing(2, previous, changes, 6))
    assert outcome(ground, None).explained == ()
    assert outcome(ground, None).reconciled
    ground.mirror({(LISTED, long): changes[LISTED, long], (LISTED, short): changes[LISTED, short]})
    told = outcome(ground, None)
    assert (told.breaks, [one.by for one in told.explained]) == ((), [("batch 2",)] * 2)


def test_fills_that_differ_are_found_by_number(ground: Ground) -> None:
    clean = honest(ground)
    first, second = clean.fills[1], clean.fills[2]
    assert found(ground, replace(clean, fills={1: first})) == [("fill", BreakType.MISSING, VENUE, 540 * USD)]
    assert found(ground, replace(clean, fills={1: first, 2: replace(second, price_e6=PRICE_E6 + 10**6)})) == [
        ("fill", BreakType.PRICE, LEDGER, 6_000),
    ]  # fmt: skip
    (kept,) = outcome(ground, replace(clean, fills={**clean.fills, 3: BOOKED[2]})).breaks
    assert (kept.type, kept.owner, kept.first) == (BreakType.MISSING, LEDGER, "fill 3"), "busted here, stands there"
    (strange,) = outcome(ground, replace(clean, fills={**clean.fills, 5: BOOKED[4]})).breaks
    assert (strange.type, strange.first) == (BreakType.UNKNOWN_ACCOUNT, "fill 5")


def test_balances_that_differ_are_found(ground: Ground) -> None:
    clean, hedger = honest(ground), account("hedger").id
    assert found(ground, replace(clean, balances={**clean.balances, hedger: 90})) == [
        ("mirrored balance", BreakType.AMOUNT, VENUE, 10),
    ]  # fmt: skip
    left_out = {one: units for one, units in clean.balances.items() if one != hedger}
    assert found(ground, replace(clean, balances=left_out)) == [("mirrored balance", BreakType.MISSING, VENUE, 100)]
    strange = {**clean.balances, "USDC/client/stranger/delegated/harbour": 5}
    assert found(ground, replace(clean, balances=strange)) == [
        ("mirrored balance", BreakType.UNKNOWN_ACCOUNT, VENUE, 5),
    ]  # fmt: skip


def test_a_mark_that_the_feed_has_not_is_found(ground: Ground) -> None:
    told = replace(honest(ground), marks={LISTED: (PRICE_E6, 100)})
    assert found(ground, told) == [("mark", BreakType.MISSING, CHAIN, 0)]


@pytest.mark.parametrize(("dearer_e6", "later_s", "expected"), [
    (0, 0, []), (USD, 0, [BreakType.MARK]), (0, 1, [BreakType.TIMING]), (USD, 1, [BreakType.MARK]),
])  # fmt: skip
def test_a_stated_mark_is_held_against_the_signed_one(
    ground: Ground, dearer_e6: int, later_s: int, expected: list[BreakType]
) -> None:
    contracts, at_s = ground.contracts, ground.node.block_time()
    batch = MarkBatch(1, at_s, (FeedMark(LISTED, PRICE_E6),))
    contracts.chain.send_together([contracts.marking(batch, batch.digest(contracts.marks_domain))])
    told = replace(honest(ground), marks={LISTED: (PRICE_E6 + dearer_e6, at_s + later_s)})
    breaks = outcome(ground, told).breaks
    assert [(one.type, one.what, one.place) for one in breaks] == [
        (kind, "mark", f"{LISTED} at harbour") for kind in expected
    ]
    assert all(one.said.keys() == {VENUE, CHAIN} for one in breaks)


def test_a_statement_of_another_cut_off_is_told(ground: Ground) -> None:
    clean = honest(ground)
    assert found(ground, replace(clean, head=replace(clean.head, last=6))) == [
        ("cut-off", BreakType.TIMING, VENUE, 0),
    ]  # fmt: skip


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_takes_a_statement_and_says_what_is_wrong_with_one(
    ground: Ground, place: Path, tmp_path: Path, anvil: Anvil, capsys: pytest.CaptureFixture[str]
) -> None:
    chain, file = ground.written(tmp_path, anvil.url), tmp_path / "statement.jsonl"
    asked = [str(chain), "--database", str(place), "--statement", str(file)]
    lines = [json.dumps(row) for row in rows(ground)]
    file.write_text("\n".join(lines))
    assert main(["reconcile", *asked]) == 0
    assert "reconciled: 14 records compared" in capsys.readouterr().out
    file.write_text("\n".join(lines[:-1]))
    assert main(["reconcile", *asked]) == 1
    assert "missing fill of harbour (venue's): ledger 6, venue 0; first: fill 2; $540.00" in capsys.readouterr().out
    verify = ["verify", "all", "--database", str(place), "--chain", str(chain), "--statement", str(file), "--json"]
    assert main(verify) == 1
    checks = {one["name"]: one["verdict"] for one in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["reconciliation"] == "failed"
    assert not {"venue's statement", "engine's mirror", "attested reserves"} & checks.keys()
    file.write_text("\n".join([*lines, lines[1]]))
    assert main(["reconcile", *asked]) == 2
    assert f"{file}: line 8: this balance was stated before" in capsys.readouterr().err


def test_a_node_that_does_not_answer_is_no_break(
    ground: Ground, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = ground.written(tmp_path, "http://127.0.0.1:1")
    assert main(["reconcile", str(chain), "--database", str(place), "--record"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "no JSON-RPC answer from http://127.0.0.1:1" in told.err
    assert "Nothing was compared, and no break is on record: see that the node runs" in told.err
    assert main(["breaks", "list", "--database", str(place)]) == 0
    assert capsys.readouterr().out.startswith("0 open")
