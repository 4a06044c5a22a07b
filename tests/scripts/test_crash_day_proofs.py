"""After the crash day, every party of both regimes can prove what it is owed, and the claims on a pool count once; and
every client of the segregated one, that its compartment was covered at the last settlement.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from custody.books import Books
from custody.covering import covering_in, to_json
from custody.database import open_database
from custody.signers import LocalSigner
from scripts.walkthrough.proofs import clear_proofs, leave_proofs
from settlement.cli import main
from tests.scripts.conftest import Ran

if TYPE_CHECKING:
    from tests.scripts.conftest import Days

ASSETS = ("USDC", "BTC", "ETH")


@pytest.mark.parametrize("standing", ["pooled", "segregated"])
def test_everybody_can_prove_what_is_owed_after_the_day(
    plain: Ran, standing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = plain.folder / f"ledger-{standing}.sqlite"
    for asset in ASSETS:
        out = tmp_path / asset
        assert main(["prove", "--database", str(ledger), "--asset", asset, "--out", str(out)]) == 0
        proofs = sorted(map(str, (out / "proofs").rglob("*.json")))
        capsys.readouterr()
        assert main(["verify", "proof", *proofs, "--json"]) == 0
        told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert len(told) == told[0]["accounts"] == len(proofs) > 10
        assert sum(int(line["units"]) for line in told) == int(told[0]["total_units"]) > 0
        held, owed = out / "attestation.json", out / "liabilities.json"
        assert main(["verify", "attestation", str(held), "--liabilities", str(owed)]) == 0


# -- compartments: at each settlement of the segregated regime ---------------------------------------------------------

CUSTODIAN = LocalSigner.for_demonstration("custodian").address


def last_proofs(day: Ran) -> list[Path]:
    return sorted((day.folder / "proofs").glob("*/*.json"))


def test_every_client_can_verify_that_its_compartment_was_covered_at_the_last_settlement(
    plain: Ran, capsys: pytest.CaptureFixture[str]
) -> None:
    totals: dict[str, int] = {}
    for file in last_proofs(plain):
        assert main(["verify", "compartment", str(file), "--custodian", CUSTODIAN, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["holds"], told["venue"], told["client"]) == (True, file.parent.name, file.stem)
        assert int(told["collateral_units"]) == int(told["mirrored_units"]) > 0
        totals[told["venue"]] = totals.get(told["venue"], 0) + int(told["mirrored_units"])
    proofs = [covering_in(file.read_text()) for file in last_proofs(plain)]
    statements = {proof.compartments.statement for proof in proofs}
    assert {one.venue: one.units for one in statements} == totals
    assert sum(one.accounts for one in statements) == len(proofs) > 10
    assert {one.sequence for one in statements} == {107}


def test_the_files_are_of_exactly_those_with_collateral_at_the_venue(plain: Ran) -> None:
    database = open_database(plain.folder / "ledger-segregated.sqlite", create=False)
    try:
        totals = Books(database).all_totals()
    finally:
        database.close()
    places = (account.split("/") for account, counters in totals.items() if counters.balance)
    holding = {(place[4], place[2]) for place in places if place[1] == "client" and place[3] == "delegated"}
    assert {(file.parent.name, file.stem) for file in last_proofs(plain)} == holding


def test_a_changed_file_does_not_hold(plain: Ran, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = last_proofs(plain)[0]
    proof = covering_in(file.read_text())
    richer = replace(proof.compartment, collateral_units=proof.compartment.collateral_units + 1)
    changed = tmp_path / "changed.json"
    changed.write_text(to_json(replace(proof, compartment=richer)))
    assert main(["verify", "compartment", str(changed)]) == 1
    assert "root_is_another" in capsys.readouterr().out


def test_the_result_counts_every_cycle_of_the_segregated_regime_and_none_of_the_pooled(plain: Ran) -> None:
    pooled, segregated = (plain.result["regimes"][regime]["totals"] for regime in ("pooled", "segregated"))
    assert segregated["cycles_published"] == segregated["cycles"] == 214
    assert segregated["compartments_proven"] > 6 * 214
    assert (pooled["cycles"], pooled["cycles_published"], pooled["compartments_proven"]) == (214, 0, 0)
    shown = f"{segregated['cycles_published']:,}, {segregated['compartments_proven']:,}"
    told = next(line for line in plain.transcript.splitlines() if "compartments proven" in line)
    assert told.split()[-3:] == ["–", *shown.split()]


def test_proofs_repeat_to_the_byte(plain: Ran, days: "Days") -> None:
    elsewhere = days.of("elsewhere")
    assert elsewhere.status == 0, elsewhere.complained
    mine, theirs = ([file.read_bytes() for file in last_proofs(day)] for day in (plain, elsewhere))
    assert mine == theirs


def test_an_earlier_run_s_proofs_do_not_pass_for_this_one_s(tmp_path: Path) -> None:
    stale = tmp_path / "proofs" / "meridian" / "somebody.json"
    stale.parent.mkdir(parents=True)
    stale.write_text("{}")
    clear_proofs(tmp_path)
    leave_proofs(tmp_path, [])
    assert not stale.exists()


@pytest.mark.parametrize("standing", ["pooled", "segregated"])
def test_everything_that_a_day_leaves_can_be_verified_at_once(
    plain: Ran, standing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger, proofs = plain.folder / f"ledger-{standing}.sqlite", plain.folder / "proofs"
    assert main(["verify", "all", "--database", str(ledger), "--proofs", str(proofs), "--json"]) == 0
    checks = {one["name"]: one["verdict"] for one in json.loads(capsys.readouterr().out)["checks"]}
    made = {name for name, verdict in checks.items() if verdict == "ok"}
    assert made == {"journal", "seals", "balances", "custodian's log", "proofs"}
    assert set(checks.values()) == {"ok", "not_asked"}
