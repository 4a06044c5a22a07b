"""`bulkhead custody lien`, `liens`, `halt`, `resume` on a real ledger: what is kept blocks, what is lifted lets go."""

from pathlib import Path

import pytest

from custody.instructions import Recall
from custody.signed import SignedInstruction
from tests.custody.approving import NOW_S, key_of
from tests.custody.custodian_cast import FUND, NORTH, usdc
from tests.settlement.ledger_day import DONE, USAGE
from tests.settlement.test_custody_commands import Run, delegation, deposited, file_of, run, setting

__all__ = ["run", "setting"]

PLACE = ("--party", FUND, "--venue", "north", "--asset", "USDC")


def recall(units: int) -> SignedInstruction:
    content = Recall(party=FUND, id="r", nonce=2, expires_at_s=NOW_S + 3_600, venue="north", amount=usdc(units))
    domain = delegation().domain
    return SignedInstruction(domain, content).signed_by(key_of(FUND, "first"), key_of(FUND, "second"))


@pytest.fixture
def delegated(run: Run, tmp_path: Path) -> Run:
    deposited(run)
    run("submit", file_of(tmp_path, delegation().signed_by(key_of(FUND, "second"))), at=NOW_S)
    run("tell", "g", "acknowledge", "--by", NORTH, at=NOW_S)
    return run


def test_a_lien_blocks_a_recall_until_it_is_lifted(delegated: Run, tmp_path: Path) -> None:
    ran = delegated("lien", "set", "call_open", *PLACE, "--units", 50, at=NOW_S)
    row = {"reason": "call_open", "party": FUND, "venue": "north", "asset": "USDC", "units": "50"}
    assert ran.lines == [{**row, "recorded_at_s": NOW_S}]
    assert delegated("status", "--party", FUND).lines[0]["recallable"] == "10"
    (answer,) = delegated("submit", file_of(tmp_path, recall(11)), at=NOW_S).lines
    assert (answer["state"], answer["reason"]) == ("blocked", "call_open")
    assert delegated("tick", at=NOW_S + 1).lines == []
    assert delegated("lien", "lift", "call_open", *PLACE, at=NOW_S + 2).lines == []
    (answer,) = delegated("tick", at=NOW_S + 3).lines
    assert (answer["id"], answer["state"]) == ("r", "recall_requested")


def test_reasons_are_listed_apart_and_replace_only_themselves(delegated: Run) -> None:
    for reason, units in (("call_open", 5), ("obligation_unpaid", 7), ("call_open", 6)):
        delegated("lien", "set", reason, *PLACE, "--units", units, at=NOW_S)
    delegated("halt", "north", at=NOW_S + 1)
    listed = delegated("liens").lines
    assert [(one["reason"], one["units"]) for one in listed] == [
        ("call_open", "6"),
        ("obligation_unpaid", "7"),
        ("venue_halted", "0"),
    ]
    assert len(delegated("liens", "--party", NORTH).lines) == 0
    assert len(delegated("liens", "--venue", "south").lines) == 0
    assert "obligation_unpaid" in delegated("liens", plainly=True).said


def test_a_halted_venue_takes_nothing_until_it_is_back(run: Run, tmp_path: Path) -> None:
    deposited(run)
    assert run("halt", "north", at=NOW_S).lines[0]["venue"] == "north"
    (answer,) = run("submit", file_of(tmp_path, delegation().signed_by(key_of(FUND, "second"))), at=NOW_S).lines
    assert (answer["state"], answer["reason"]) == ("blocked", "venue_halted")
    assert run("resume", "north", at=NOW_S + 1).lines == []
    assert run("tick", at=NOW_S + 2).lines[0]["state"] == "pending_venue"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("lien", "set", "venue_halted", *PLACE, "--units", 5), "REASON: expected one of settlement_pending"),
        (("lien", "lift", "boredom", *PLACE), "REASON: expected one of settlement_pending"),
        (("lien", "lift", "call_open", "--party", "fund", *PLACE[2:]), "--party: expected client/NAME"),
        (("lien", "lift", "call_open", *PLACE[:2], "--venue", "east", *PLACE[4:]), "--venue: expected one of north"),
        (("lien", "lift", "call_open", *PLACE[:4], "--asset", "X"), "--asset: expected one of USDC"),
        (("halt", "east"), "VENUE: expected one of north"),
        (("resume", "east"), "VENUE: expected one of north"),
    ],
    ids=lambda one: "-".join(map(str, one[:3])) if isinstance(one, tuple) else "",
)
def test_what_is_not_known_is_bad_usage(run: Run, words: tuple[object, ...], complaint: str) -> None:
    deposited(run)
    ran = run(*map(str, words), at=NOW_S)
    assert (ran.status, complaint in ran.complained) == (USAGE, True)
    assert run("liens").status == DONE
    assert run("liens").lines == []
