"""After the crash day, every party of both regimes can prove what it is owed, and the claims on a pool count once."""

import json
from pathlib import Path

import pytest

from settlement.cli import main
from tests.scripts.conftest import Ran

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
