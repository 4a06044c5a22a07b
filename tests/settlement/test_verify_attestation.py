"""`bulkhead verify attestation`: signed, in order, fresh, and at least what is owed at the same moment."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from custody.inclusion import SignedLiabilities
from custody.publications import SignedPublication
from custody.reserves import Attestation, SignedAttestation
from custody.shapes import plain
from settlement.cli import main
from settlement.commands import running
from tests.custody.publishing import AS_OF_S, CUSTODIAN, IMPOSTOR, WHERE, register, statement
from tests.settlement.ledger_day import DONE, FAILED, USAGE, Ran

OWED = statement(register())
HELD = Attestation(
    "USDC", 6, OWED.units, OWED.journal_position, OWED.journal_head, AS_OF_S, 1, OWED.previous_digest
)  # fmt: skip
FIRST = SignedAttestation.by(CUSTODIAN, HELD, WHERE)
NEXT = replace(HELD, sequence=2, as_of_s=AS_OF_S + 60, previous_digest=FIRST.digest())

Check = Callable[..., Ran]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Check:
    monkeypatch.setattr(running, "now_s", lambda: AS_OF_S + 100)

    def checked(signed: SignedPublication, *more: str, **beside: SignedPublication) -> Ran:
        words = [str(written(tmp_path / "attestation.json", signed))]
        for name, other in beside.items():
            words += [f"--{name}", str(written(tmp_path / f"{name}.json", other))]
        capsys.readouterr()
        status = main(["verify", "attestation", *words, *more])
        said, complained = capsys.readouterr()
        return Ran(status, said, complained)

    return checked


def written(file: Path, signed: SignedPublication) -> Path:
    file.write_text(json.dumps(plain(signed)))
    return file


def test_an_attestation_holds_alone_and_after_the_one_before(check: Check) -> None:
    assert "1290000162 units of USDC (scale 6) are held" in check(FIRST, "--custodian", CUSTODIAN.address).said
    following = SignedAttestation.by(CUSTODIAN, NEXT, WHERE)
    (line,) = check(following, "--json", previous=FIRST).lines
    assert (line["holds"], line["sequence"], line["units"]) == (True, 2, "1290000162")
    assert check(following).status == FAILED  # it is not the first


def test_reserves_are_held_against_what_is_owed(check: Check) -> None:
    owed = SignedLiabilities.by(CUSTODIAN, OWED, WHERE)
    ran = check(FIRST, liabilities=owed)
    assert (ran.status, "1290000162 units are owed at the same position" in ran.said) == (DONE, True)


SHORT = [
    ("asset_is_another", {"asset": "BTC", "scale": 8, "journal_position": 1, "units": 0}),
    ("scale_is_another", {"scale": 8, "journal_position": 1, "units": 0}),
    ("moment_is_another", {"journal_position": 1, "units": 0}),
    ("reserves_are_short", {"units": OWED.units - 1}),
]


@pytest.mark.parametrize(("refusal", "changes"), SHORT, ids=[row[0] for row in SHORT])
def test_what_does_not_cover_is_named(check: Check, refusal: str, changes: dict[str, object]) -> None:
    held = SignedAttestation.by(CUSTODIAN, replace(HELD, **changes), WHERE)
    ran = check(held, liabilities=SignedLiabilities.by(CUSTODIAN, OWED, WHERE))
    assert (ran.status, f"does not hold: {refusal}" in ran.said) == (FAILED, True)


def test_what_somebody_else_signed_counts_nowhere(check: Check) -> None:
    by_impostor = SignedAttestation.by(IMPOSTOR, HELD, WHERE)
    following = SignedAttestation.by(
        CUSTODIAN, replace(NEXT, previous_digest=by_impostor.digest()), WHERE
    )  # fmt: skip
    assert "custodian_is_another" in check(by_impostor, "--custodian", CUSTODIAN.address).said
    assert "custodian_is_another" in check(following, previous=by_impostor).said
    assert "custodian_is_another" in check(FIRST, liabilities=SignedLiabilities.by(IMPOSTOR, OWED, WHERE)).said


def test_an_old_one_fails_and_no_attestation_is_bad_usage(check: Check) -> None:
    assert "time_is_too_long_ago" in check(FIRST, "--longest-age-s", "99").said
    assert check(FIRST, "--longest-age-s", "100").status == DONE
    assert check(SignedLiabilities.by(CUSTODIAN, OWED, WHERE)).status == USAGE
    assert check(FIRST, "--custodian", "nobody").status == USAGE
