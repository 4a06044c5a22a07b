"""`bulkhead verify all`: everything that can be checked here, in one list; what nobody gave to check is said so too.

A check that was not asked is no success: it stands in the list as such, and the exit code speaks of the others.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import inspect

from custody import verification
from custody.books import Books, BooksError
from custody.covering import Format as CoveringFormat
from custody.covering import check_covering, covering_in
from custody.database import Database
from custody.faults import Fault, FaultKind
from custody.inclusion import Format as InclusionFormat
from custody.inclusion import check_inclusion, inclusion_in
from custody.shapes import FieldError
from custody.signatures import Address
from settlement.commands.custody_setting import SCHEMAS, register_at
from settlement.commands.printing import print_json, print_line, printable
from settlement.commands.proof_reading import read
from settlement.commands.running import DONE, FAILED, looked_at
from settlement.reconciliation import pooled_breaks, trial_balance_breaks

OVER_SEALS = frozenset({FaultKind.SEAL_BROKEN, FaultKind.ROW_NOT_SEALED, FaultKind.HISTORY_REWRITTEN})


class Verdict(StrEnum):
    """What became of a check."""

    OK = "ok"
    FAILED = "failed"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list. `found`: why it failed, why it was not asked, or what was counted."""

    name: str
    verdict: Verdict
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """What there is to check: a ledger, a folder of proofs and whose they must be, a file that describes a chain."""

    database: str
    proofs: Path | None = None
    custodian: Address | None = None
    chain: Path | None = None


def verify_all(given: Given, on_chain: Callable[[Path], Iterable[Check]], as_json: bool) -> int:
    """Every check in order; FAILED where one fails. `on_chain` makes those that need a node."""
    checks = [*_of_the_books(given.database), _custodian_log(given.database), _proofs(given)]
    if given.chain is None:
        names = "contracts' code", "positions from calldata", "reconciliation"
        checks += [Check(name, Verdict.NOT_ASKED, ("no --chain",)) for name in names]
    else:
        checks += on_chain(given.chain)
    _say(checks, as_json)
    return FAILED if any(check.verdict is Verdict.FAILED for check in checks) else DONE


def judged(name: str, faults: Iterable[object], sound: str = "") -> Check:
    """A check by the faults that it found; `sound` says what was looked at where there are none."""
    found = tuple(map(str, faults))
    return Check(name, Verdict.FAILED if found else Verdict.OK, found or ((sound,) if sound else ()))


def _of_the_books(place: str) -> Iterator[Check]:
    with looked_at(place) as (database, books):
        head = books.head()
        faults = verification.verify(database)
        seals = [fault for fault in faults if fault.kind in OVER_SEALS]
        counted = f"{head.position} transfers"
        yield judged("journal", (_sentence(one) for one in faults if one not in seals), counted)
        yield judged("seals", map(_sentence, seals), f"head {head.digest.hex()}")
        yield _balances(database, books)


def _balances(database: Database, books: Books) -> Check:
    """Debits equal credits, and where claims are pooled, they are what the venue holds for all."""
    try:
        with database.snapshot() as reader:
            codes = {account.id: account.code for account in books.accounts(reader)}
            totals = books.all_totals(reader)
        breaks = [*trial_balance_breaks(books.trial_balance()), *pooled_breaks(codes, totals)]
    except BooksError as why:  # a counter that disagrees with the transfers: the other checks are still made
        return Check("balances", Verdict.FAILED, (str(why),))
    return judged("balances", breaks, f"{len(codes)} accounts")


def _custodian_log(place: str) -> Check:
    with looked_at(place) as (database, _), database.snapshot() as reader:
        is_kept = SCHEMAS[1].version_table in inspect(reader).get_table_names()
    if not is_kept:
        return Check("custodian's log", Verdict.NOT_ASKED, ("this ledger has none",))
    with register_at(place) as register:
        return judged("custodian's log", register.verify())


def _proofs(given: Given) -> Check:
    if given.proofs is None:
        return Check("proofs", Verdict.NOT_ASKED, ("no --proofs",))
    files = sorted(given.proofs.rglob("*.json"))
    faults = [f"{file.name}: {fault}" for file in files if (fault := _objection(file, given.custodian))]
    if not files:
        faults = [f"{given.proofs}: expected proofs, found no file of them"]
    return judged("proofs", faults, f"{len(files)} files")


def _objection(file: Path, custodian: Address | None) -> str | None:
    """Why a proof does not hold, of whichever kind it is."""
    text = read(str(file), str)
    try:
        if CoveringFormat.COMPARTMENT_1 in text:
            return check_covering(covering_in(text), custodian)
        if InclusionFormat.INCLUSION_1 in text:
            return check_inclusion(inclusion_in(text), custodian)
    except FieldError as why:
        return str(why)
    return "expected a proof of inclusion or of a compartment"


def _sentence(fault: Fault) -> str:
    return f"{fault.kind} at {fault.where}: expected {fault.expected}, found {fault.found}"


def _say(checks: Iterable[Check], as_json: bool) -> None:
    listed = list(checks)
    if as_json:
        failed = any(check.verdict is Verdict.FAILED for check in listed)
        rows = [{"name": one.name, "verdict": one.verdict, "found": list(one.found)} for one in listed]
        print_json({"sound": not failed, "checks": rows})
        return
    width = max(len(check.name) for check in listed)
    for check in listed:
        first, *more = check.found or ("",)
        words = check.verdict.replace("_", " ")
        print_line(printable(f"{check.name:<{width}}  {words:<9}  {first}".rstrip()))
        for fault in more:
            print_line(printable(f"{'':<{width}}  {'':<9}  {fault}"))
