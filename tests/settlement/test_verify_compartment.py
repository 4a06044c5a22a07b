"""`bulkhead verify compartment`: a client's own check after a settlement."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from custody.covering import Compartment, Covering, to_json
from settlement.cli import main
from tests.custody.publishing import CUSTODIAN, IMPOSTOR
from tests.custody.test_compartments import HOLDS, dishonest
from tests.settlement.ledger_day import DONE, FAILED, USAGE, Ran

Check = Callable[..., Ran]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    def checked(proof: Covering | str, *more: str) -> Ran:
        file = tmp_path / "compartment.json"
        file.write_text(proof if isinstance(proof, str) else to_json(proof))
        capsys.readouterr()
        status = main(["verify", "compartment", str(file), *more])
        said, complained = capsys.readouterr()
        return Ran(status, said, complained)

    return checked


def test_a_covered_compartment_holds(check: Check) -> None:
    ran = check(HOLDS, "--custodian", CUSTODIAN.address)
    assert ran.status == DONE
    assert "hedger at harbour, cycle 7: collateral 0.000075 USD after haircuts" in ran.said
    (line,) = check(HOLDS, "--json").lines
    assert (line["holds"], line["collateral_units"], line["mirrored_units"]) == (True, "75", "75")
    assert line["custodian_was_named"] is False


BAD = [
    ("compartment_is_not_covered", dishonest(Compartment("hedger", "harbour", 7, 74, 75))),
    ("cycle_is_another", dishonest(Compartment("hedger", "harbour", 8, 75, 75))),
    ("venue_is_another", dishonest(Compartment("hedger", "quay", 7, 75, 75))),
    ("root_is_another", replace(HOLDS, compartment=replace(HOLDS.compartment, collateral_units=76))),
]


@pytest.mark.parametrize(("refusal", "bad"), BAD, ids=[row[0] for row in BAD])
def test_what_does_not_hold_is_named(check: Check, refusal: str, bad: Covering) -> None:
    ran = check(bad)
    assert (ran.status, f"does not hold: {refusal}" in ran.said) == (FAILED, True)
    (line,) = check(bad, "--json").lines
    assert (line["holds"], line["refusal"]) == (False, refusal)
    assert line["meaning"]


def test_another_custodian_fails_and_no_proof_is_bad_usage(check: Check) -> None:
    assert "custodian_is_another" in check(HOLDS, "--custodian", IMPOSTOR.address).said
    assert check("{}").status == USAGE
    assert check(HOLDS, "--custodian", "nobody").status == USAGE
