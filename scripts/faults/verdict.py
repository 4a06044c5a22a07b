"""What every schedule has to end in: ledger = chain = venue, each fill once, and nothing unexplained.

Each side is computed apart: the chain from its calldata, the venue by its own books, the engine from its database.
Whoever compares them knows nothing of what went wrong.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from custody.books import Books
from custody.database import LEDGER, open_database
from scripts.faults.engines import CHART, FEE_UNITS
from scripts.faults.ground import PARTIES, REGISTRY, Ground
from settlement.engine import stored
from settlement.engine.intake import Intake
from settlement.engine.restoring import restore
from settlement.engine.tables import BATCH, CONFIRMED, REFUSED_ENTRY, REFUSED_REPORT
from settlement.engine.verdicts import ReportRefusal
from settlement.node import Node
from settlement.rebuild import RebuildError, batches, listings, rebuilt
from settlement.records import DESK
from settlement.replica import Replica, ReplicaError
from settlement.venues.entry import Entry, unpacked
from settlement.venues.venue_books import VenueBooks

Held = dict[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was compared. `wrong`: a sentence each; `lies`: entries that the venue signed otherwise than it booked;
    `logs_lost`: the node has lost some of its own logs.
    """

    entries: int
    batches: int
    lies: int
    refused: Mapping[str, int]
    wrong: tuple[str, ...]
    logs_lost: bool = False


def verdict(ground: Ground, node: Node, place: str, told: list[Entry], has_fees: bool) -> Seen:
    """Compare them all. `told`: the venue's own tape."""
    wrong: list[str] = []
    with closing(open_database(place, schemas=(LEDGER, DESK))) as database:
        with database.snapshot() as tx:
            chain, mirrored = _mirrored(tx, ground, node)
            taken = _taken(tx)
            refused = Counter(tx.scalars(select(REFUSED_REPORT.c.refusal)))
            suspense = list(tx.scalars(select(REFUSED_ENTRY.c.refusal)))
            wrong += _outbox(tx, mirrored, chain)
            wrong += _book(tx, ground, chain)
        if has_fees:
            wrong += _fees(Books(database), chain.sequence)
    lies = sum(mine != theirs for mine, theirs in zip(told, taken, strict=False))
    if len(taken) != len(told):
        wrong.append(f"the venue said {len(told)} entries, {len(taken)} were taken in")
    wrong += [f"the venue: {what}" for what in _venue(ground, chain, taken)]
    if not lies:
        wrong += [f"the tape: {what}" for what in _venue(ground, chain, told)]
    if suspense:
        wrong.append(f"in suspense, unexplained: {Counter(suspense)}")
    return Seen(len(told), chain.sequence, lies, refused, tuple(wrong), mirrored is None)


def unexplained(seen: Seen, forged: int, lied: int) -> list[str]:
    """What was refused, or signed twice differently, without anybody having forged or lied."""
    found = []
    if seen.refused.get(ReportRefusal.NOT_SIGNED_BY_THE_VENUE, 0) and not forged:
        found.append("reports were refused for signatures that nobody forged")
    if (seen.refused.get(ReportRefusal.CONTRADICTS_AN_EARLIER_REPORT, 0) or seen.lies) and not lied:
        found.append("the venue's word was changed, and nobody lied")
    others = set(seen.refused) - {
        ReportRefusal.NOT_SIGNED_BY_THE_VENUE, ReportRefusal.CONTRADICTS_AN_EARLIER_REPORT
    }  # fmt: skip
    return found + [f"reports were refused: {one}" for one in others]


def _taken(tx: Connection) -> list[Entry]:
    """The entries as the engine has them, under the venue's signature: each number once, from 1."""
    found: list[Entry] = []
    for one in stored.reports_after(tx, "harbour", 0):
        news = unpacked(one.report.body)[one.new_from - one.report.first :]
        if one.new_from == len(found) + 1:
            found += news
    return found


def _mirrored(tx: Connection, ground: Ground, node: Node) -> tuple[Replica, list[tuple[int, bytes]] | None]:
    """The chain's history from its calldata, and each batch's number and digest; None where the node lost logs of it.

    An anvil that is restarted after a reorganisation now and then has a contract's storage and not all of its logs. The
    head in that storage commits to every batch before it: where it is the outbox's, the outbox tells the history.
    """
    book = ground.contracts.positions
    try:
        chain = rebuilt(node, book)
        return chain, [(one.sequence, one.digest()) for one in batches(node, book)]
    except (RebuildError, ReplicaError):
        if ground.rebound(node).head() != stored.head(tx):
            raise
        chain = Replica({number: listing.lot_size_e18 for number, listing in listings(node, book).items()})
        for out in stored.batches_after(tx, 0):
            chain.apply(out.batch)
        return chain, None


def _outbox(tx: Connection, mirrored: list[tuple[int, bytes]] | None, chain: Replica) -> list[str]:
    """Every batch written is mirrored once, under its digest, and confirmed."""
    rows = tx.execute(select(BATCH).order_by(BATCH.c.sequence)).all()
    wrong = []
    if mirrored is not None and mirrored != [(row.sequence, bytes(row.digest)) for row in rows]:
        wrong.append(f"the chain has {len(mirrored)} batches, the outbox {len(rows)}, or others")
    if waiting := [row.sequence for row in rows if row.state != CONFIRMED]:
        wrong.append(f"batches {waiting} are not confirmed")
    if stored.head(tx) != (chain.sequence, chain.digest):
        wrong.append("the last batch on the chain is not the last of the outbox")
    return wrong


def _book(tx: Connection, ground: Ground, chain: Replica) -> list[str]:
    """The engine's own book, as a new engine would restore it."""
    intake = Intake(ground.roster, ground.domain)
    restore(intake, tx)
    book = intake.book
    wrong = ["the engine's book has what no batch tells"] if book.is_dirty else []
    names = {row: "0x" + address.tobytes().hex() for row, address in enumerate(book.roster.addresses)}
    columns, rows = np.nonzero(book.lots)
    held = {(names[row], column): int(book.lots[column, row]) for column, row in zip(columns.tolist(), rows.tolist(),
                                                                                     strict=True)}  # fmt: skip
    if held != _held(chain):
        wrong.append("the engine's book holds other positions than the chain")
    return wrong


def _fees(books: Books, sent: int) -> list[str]:
    totals = books.totals(CHART.fees().id)
    posted, pending = totals.credits_posted, totals.credits_pending
    if (posted, pending) != (FEE_UNITS * sent, 0):
        return [f"fees of {sent} batches: {posted} posted, {pending} pending"]
    return []


def _venue(ground: Ground, chain: Replica, entries: list[Entry]) -> list[str]:
    """What a venue with these entries holds and has paid, against the chain."""
    books = VenueBooks(REGISTRY.by_number)
    for number, entry in enumerate(entries, 1):
        books.book(number, entry)
    listed = ground.contracts.listed
    held = {(PARTIES[account], listed[number]): lots for (account, number), lots in books.holdings().items()}
    wrong = [] if held == _held(chain) else [f"other positions: {_difference(held, _held(chain))}"]
    paid: dict[str, int] = Counter()
    for (party, _), units in chain.cash_units.items():
        paid[party] += units
    mine = {PARTIES[account]: units for account in books.accounts() if (units := books.cash_units(account))}
    theirs = {party: units for party, units in paid.items() if units}
    return wrong if mine == theirs else [*wrong, f"other cash: {_difference(mine, theirs)}"]


def _held(chain: Replica) -> Held:
    return {key: lots for key, lots in chain.positions.items() if lots}


def _difference(one: Mapping[Any, int], other: Mapping[Any, int]) -> str:
    keys = [key for key in {**one, **other} if one.get(key, 0) != other.get(key, 0)]
    return "; ".join(f"{key}: {one.get(key, 0)} and {other.get(key, 0)}" for key in keys[:3])
