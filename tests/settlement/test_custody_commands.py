"""`bulkhead custody` on a real ledger: a delegation from the file that was signed to the events that follow from it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from custody.instructions import Delegate, Withdraw
from custody.movements import Terms
from custody.policies import Group
from custody.shapes import plain
from custody.signed import SignedInstruction
from custody.typed_data import DOMAIN_NAME, Domain
from settlement.cli import main
from tests.custody import approving
from tests.custody.approving import NOW_S, admission, holding, key_of, simple_policy
from tests.custody.custodian_cast import FUND, NORTH, PLACE, usdc
from tests.settlement.ledger_day import DONE, FAILED, USAGE, Ran

Run = Callable[..., Ran]


@pytest.fixture
def setting(tmp_path: Path) -> Path:
    admissions = []
    for party in ("custodian", FUND, NORTH):
        policy = simple_policy(Group("desk", party, ("first", "second")), 2 if party == FUND else 1)
        admissions.append(admission(party, policy, *(holding(party, signer) for signer in ("first", "second"))))
    file = tmp_path / "setting.json"
    told = {
        "chain_id": str(approving.DOMAIN.chain_id),
        "contract": approving.DOMAIN.contract,
        "opened_at_s": str(NOW_S - 10),
        "standing": "segregated",
        "venues": ["north"],
        "assets": [{"symbol": "USDC", "scale": "6", "chain_decimals": "6", "haircut_bps": "1000"}],
        "terms": plain(Terms(confirmations=2, venue_s=100)),
        "admissions": [plain(one) for one in admissions],
    }
    file.write_text(json.dumps(told))
    return file


@pytest.fixture
def run(tmp_path: Path, setting: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """A subcommand on one ledger; those that write are told the setting and the time."""

    def ran(name: str, *options: object, at: int | None = None, plainly: bool = False) -> Ran:
        capsys.readouterr()
        words = ["custody", name, *map(str, options)]
        if name != "lifecycles":
            words += ["--database", str(tmp_path / "ledger.sqlite")]
        if at is not None:
            words += ["--at", str(at)]
        if at is not None or name == "status":
            words += ["--setting", str(setting)]
        if not plainly and name != "lifecycles":
            words.append("--json")
        status = main(words)
        return Ran(status, *capsys.readouterr())

    return ran


def file_of(folder: Path, signed: SignedInstruction) -> Path:
    file = folder / f"{signed.instruction.id}-{len(signed.signatures)}.json"
    file.write_text(signed.to_json())
    return file


def delegation(units: int = 60) -> SignedInstruction:
    content = Delegate(party=FUND, id="g", nonce=1, expires_at_s=NOW_S + 3_600, venue="north", amount=usdc(units))
    domain = Domain(DOMAIN_NAME, approving.DOMAIN.chain_id, approving.DOMAIN.contract)
    return SignedInstruction(domain, content).signed_by(key_of(FUND, "first"))


def deposited(run: Run) -> None:
    deposit = ("--party", FUND, "--asset", "USDC", "--units", 100, "--reference", "0xfeed")
    assert run("observe", "d", *deposit, at=NOW_S).status == DONE
    assert run("tell", "d", "confirm", "--confirmations", 2, "--by", "chain", at=NOW_S).status == DONE


def test_an_exit_is_observed_and_ends_with_the_chains_word(run: Run, tmp_path: Path) -> None:
    deposited(run)
    run("submit", file_of(tmp_path, delegation().signed_by(key_of(FUND, "second"))), at=NOW_S)
    run("tell", "g", "acknowledge", "--by", NORTH, at=NOW_S)
    seen = ("--party", FUND, "--venue", "north", "--asset", "USDC", "--units", 60, "--reference", "0xe817")
    assert run("observe-exit", "e", *seen, at=NOW_S, plainly=True).said == "e: observed\n"
    assert run("observe-exit", "e", *seen, at=NOW_S, plainly=True).said == "e: observed (as before)\n"
    (stranger,) = run("tell", "e", "confirm", "--by", FUND, at=NOW_S).lines
    assert stranger["refusal"] == "is_not_the_speakers_to_say"
    assert run("tell", "e", "confirm", "--by", "chain", "--reference", "0xb042", at=NOW_S, plainly=True).said == (
        "e: released\n"
    )


def test_a_day_of_one_delegation(run: Run, tmp_path: Path) -> None:
    deposited(run)
    waiting = run("submit", file_of(tmp_path, delegation()), at=NOW_S)
    assert waiting.status == DONE
    assert (waiting.lines[0]["state"], waiting.lines[0]["declined"]) == ("requested", "quorum_is_not_reached")
    full = file_of(tmp_path, delegation().signed_by(key_of(FUND, "second")))
    (answer,) = run("submit", full, at=NOW_S).lines
    assert (answer["state"], answer["deadline_s"], answer["repeated"]) == ("pending_venue", NOW_S + 100, False)
    assert run("submit", full, at=NOW_S + 1).lines[0]["repeated"] is True
    (status,) = run("status", "--party", FUND).lines
    assert (status["available"], status["delegated"], status["delegable"], status["recallable"]) == (
        "40",
        "60",
        "30",
        "0",
    )
    (stranger,) = run("tell", "g", "acknowledge", "--by", FUND, at=NOW_S + 2).lines
    assert (stranger["refusal"], stranger["detail"]) == (
        "is_not_the_speakers_to_say",
        "acknowledge is venue/north's",
    )
    assert run("tell", "g", "acknowledge", "--by", NORTH, at=NOW_S + 2, plainly=True).said == "g: active\n"
    assert run("tell", "g", "acknowledge", "--by", NORTH, at=NOW_S + 3, plainly=True).said == "g: active (as before)\n"
    listed = run("movements", "--party", FUND, "--state", "active").lines
    assert [(one["id"], one["units"], one["deadline_s"]) for one in listed] == [("g", "60", None)]
    told = run("events", "--after", 2).lines
    names = ["requested", "approved", "pending_venue", "active"]
    assert [one["name"] for one in told] == [f"delegation.{name}" for name in names]
    assert run("verify").lines == [{"sound": True, "faults": []}]


def test_silence_is_told_by_tick(run: Run, tmp_path: Path) -> None:
    deposited(run)
    run("submit", file_of(tmp_path, delegation().signed_by(key_of(FUND, "second"))), at=NOW_S)
    assert run("tick", at=NOW_S + 99).lines == []
    (answer,) = run("tick", at=NOW_S + 100).lines
    assert (answer["id"], answer["state"], answer["events"]) == ("g", "expired", ["delegation.failed"])


def test_what_is_refused_says_why_and_fails(run: Run, tmp_path: Path) -> None:
    deposited(run)
    refused = run("tell", "d", "drop", "--by", "chain", at=NOW_S, plainly=True)
    assert (refused.status, refused.said) == (FAILED, "d: act_is_not_listed (credited allows nothing)\n")
    (answer,) = run("tell", "nobody", "release", "--by", NORTH, at=NOW_S).lines
    assert (answer["refusal"], answer["retry_may_succeed"]) == ("movement_not_found", True)
    elsewhere = Withdraw(party=FUND, id="w", nonce=2, expires_at_s=NOW_S + 9, destination=PLACE, amount=usdc(5))
    signed = SignedInstruction(approving.DOMAIN, elsewhere).signed_by(key_of(FUND, "first"))
    (answer,) = run("submit", file_of(tmp_path, signed), at=NOW_S).lines
    assert (answer["refusal"], answer["declined"]) == ("approval_was_declined", "destination_is_not_allowed")


def test_what_cannot_be_read_is_bad_usage(run: Run, tmp_path: Path, setting: Path) -> None:
    assert "ACT: expected one of confirm, drop" in run("tell", "d", "approve", "--by", FUND, at=NOW_S).complained
    assert run("tell", "d", "approve", "--by", FUND, at=NOW_S).status == USAGE
    file = tmp_path / "none.json"
    file.write_text('{"operation": "delegate"}')
    ran = run("submit", file, at=NOW_S)
    assert (ran.status, "domain: is missing" in ran.complained) == (USAGE, True)
    setting.write_text(setting.read_text().replace('"north"]', '"north"], "extra": "1"'))
    ran = run("submit", file, at=NOW_S)
    assert (ran.status, ran.said) == (USAGE, "")
    setting.write_text(setting.read_text().replace(', "extra": "1"', "").replace('"1000"', '"x"'))
    ran = run("status", "--party", FUND)
    assert "assets[0].haircut_bps: 'x' is no whole number" in ran.complained
    assert run("movements", "--state", "happy").status == USAGE


def test_the_tables_are_printed_as_they_are_run(run: Run) -> None:
    said = run("lifecycles", "--name", "recall").said
    assert said.startswith("### recall\n\n| from | act |")
    assert "| recall_requested | time_out | clock | always | released | post | delegation.released |" in said
    assert run("lifecycles").said.count("### ") == 6
