"""`bulkhead prove` and `bulkhead verify proof`: from books to files that anybody can check, and none that lies."""

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from custody.accounts import Account, Chart, Code, Limit
from custody.books import Books, BooksError
from custody.database import open_database
from custody.keystores import write_keystore
from custody.signers import LocalSigner
from custody.transfers import Kind, Reason, Transfer
from settlement.cli import main
from settlement.commands.key_choice import NOT_CHOSEN
from settlement.commands.proof_writing import publish
from settlement.commands.proving import DEVNET, NO_CONTRACT, Asked
from tests.settlement.ledger_day import DONE, FAILED, USAGE, Ran

CHART, BTC = Chart("USDC"), Chart("BTC")
HELD = {
    CHART.available("fund"): 1_250_000_000, CHART.delegated("fund", "harbour"): 250_000_000,
    CHART.available("hedger"): 75, CHART.available("closed"): 0, CHART.venue_collateral("harbour"): 40_000_000,
    CHART.insurance("harbour"): 9, CHART.fees(): 3, BTC.available("fund"): 21,
}  # fmt: skip
OWNERS = {"client/fund", "client/hedger", "client/closed", "venue/harbour", "insurance/harbour", "fees"}
CUSTODIAN = LocalSigner.for_demonstration("custodian").address

Command = Callable[..., Ran]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def ran(*words: object) -> Ran:
        capsys.readouterr()
        status = main([str(word) for word in words])
        said, complained = capsys.readouterr()
        return Ran(status, said, complained)

    return ran


@pytest.fixture
def books(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    with closing(open_database(path)) as database:
        opened = Books(database)
        opened.open_accounts([CHART.vault(), BTC.vault(), *HELD])
        deposits = [
            Transfer(f"d{number}", f"{account.asset}/vault", account.id, units, Reason.DEPOSIT)
            for number, (account, units) in enumerate(HELD.items())
            if units
        ]
        pending = Transfer(
            "p", CHART.available("fund").id, CHART.delegated("fund", "harbour").id, 5, Reason.DELEGATION, Kind.PENDING
        )
        assert all(outcome.ok for outcome in opened.post([*deposits, pending], 100))
    return path


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "seed"
    path.write_bytes(bytes(range(32)))
    return path


@pytest.fixture
def prove(command: Command, books: Path, seed: Path) -> Command:
    def ran(out: Path, *more: object, asset: str = "USDC") -> Ran:
        return command("prove", "--database", books, "--asset", asset, "--out", out, "--seed-file", seed, *more)

    return ran


@pytest.fixture
def out(prove: Command, tmp_path: Path) -> Path:
    """A publication."""
    folder = tmp_path / "published"
    assert prove(folder).status == DONE
    return folder


def proofs_in(out: Path) -> dict[str, Path]:
    return {str(path.relative_to(out / "proofs").with_suffix("")): path for path in (out / "proofs").rglob("*.json")}


def statement_in(out: Path) -> dict[str, str]:
    told: dict[str, dict[str, str]] = json.loads((out / "liabilities.json").read_text())
    return told["statement"]


def test_every_owner_gets_a_proof_that_holds(command: Command, out: Path) -> None:
    proofs = proofs_in(out)
    assert set(proofs) == OWNERS
    ran = command("verify", "proof", *proofs.values(), "--custodian", CUSTODIAN, "--json")
    assert (ran.status, ran.complained) == (DONE, "")
    told = {line["account"]: line for line in ran.lines}
    assert {name: line["units"] for name, line in told.items()} == {
        "client/fund": "1500000000", "client/hedger": "75", "client/closed": "0", "venue/harbour": "40000000",
        "insurance/harbour": "9", "fees": "3",
    }  # fmt: skip
    assert all(line["holds"] and line["custodian_was_named"] for line in told.values())
    assert {line["total_units"] for line in told.values()} == {"1540000087"}
    assert sum(int(str(line["units"])) for line in told.values()) == 1_540_000_087


def test_the_statement_is_of_one_moment_of_the_journal(books: Path, out: Path) -> None:
    with closing(open_database(books, read_only=True, create=False)) as database:
        head = Books(database).head()
    statement = statement_in(out)
    assert (statement["journal_position"], statement["journal_head"]) == (str(head.position), f"0x{head.digest.hex()}")
    assert (statement["asset"], statement["scale"], statement["accounts"]) == ("USDC", "6", "6")
    attested = json.loads((out / "attestation.json").read_text())["statement"]
    assert (attested["units"], attested["journal_head"]) == ("1540000087", statement["journal_head"])


def test_what_is_said_in_words(command: Command, out: Path) -> None:
    file = proofs_in(out)["client/fund"]
    said = command("verify", "proof", file).said
    assert "client/fund is owed 1,500.000000 USDC: leaf" in said
    assert "of 6 that make 1,540.000087 USDC" in said
    assert "by the file's own word" in said
    assert "does not show that the custodian holds the assets" in said
    assert "as you named" in command("verify", "proof", file, "--custodian", CUSTODIAN).said


def test_the_same_seed_gives_the_same_salts_and_no_seed_gives_new_ones(
    prove: Command, command: Command, books: Path, tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("one", "two", "three", "four")]
    for folder in folders[:2]:
        assert prove(folder).status == DONE
    for folder in folders[2:]:
        assert command("prove", "--database", books, "--asset", "USDC", "--out", folder).status == DONE
    roots = [statement_in(folder)["root"] for folder in folders]
    assert roots[0] == roots[1]
    assert len(set(roots)) == 3


@pytest.fixture
def publish_at(books: Path, out: Path, tmp_path: Path) -> Callable[[int], Path]:
    """What follows `out`, so many seconds after it."""

    def publish_later(seconds: int) -> Path:
        folder = tmp_path / "later"
        asked = Asked(str(books), "USDC", None, folder, None, out, NOT_CHOSEN, DEVNET, NO_CONTRACT)
        assert publish(asked, int(statement_in(out)["as_of_s"]) + seconds, as_json=False) == DONE
        return folder

    return publish_later


def test_a_publication_follows_the_one_before(command: Command, out: Path, publish_at: Callable[[int], Path]) -> None:
    first = command("verify", "proof", proofs_in(out)["fees"], "--json").lines[0]
    later = publish_at(60)
    statement = statement_in(later)
    assert (statement["sequence"], statement["previous_digest"]) == ("2", first["digest"])
    attested = json.loads((later / "attestation.json").read_text())["statement"]
    assert attested["sequence"] == "2"
    assert attested["previous_digest"] not in {first["digest"], "0x" + 64 * "0"}
    assert command("verify", "proof", proofs_in(out)["fees"], proofs_in(later)["fees"]).status == DONE


def test_time_that_goes_back_is_not_published(publish_at: Callable[[int], Path], tmp_path: Path) -> None:
    with pytest.raises(BooksError, match="time_went_back"):
        publish_at(0)
    assert not (tmp_path / "later").exists()


BROKEN = [
    ('"units": "1500000000"', '"units": "1500000001"', "total_is_another"),
    ('"account": "client/fund"', '"account": "client/hedger"', "root_is_another"),
    ('"accounts": "6"', '"accounts": "7"', "signature_is_anothers"),
    ('"chain_id": "31337"', '"chain_id": "1"', "signature_is_anothers"),
]


@pytest.mark.parametrize(("was", "becomes", "refusal"), BROKEN, ids=[row[1] for row in BROKEN])
def test_a_changed_proof_fails_and_the_check_is_named(
    command: Command, out: Path, was: str, becomes: str, refusal: str
) -> None:
    file = proofs_in(out)["client/fund"]
    assert file.read_text().count(was) == 1
    file.write_text(file.read_text().replace(was, becomes))
    ran = command("verify", "proof", file)
    assert (ran.status, f"does not hold: {refusal}" in ran.said) == (FAILED, True)
    (line,) = command("verify", "proof", file, "--json").lines
    assert (line["holds"], line["refusal"], line["proves"]) == (False, refusal, None)


def test_another_custodian_fails(command: Command, out: Path) -> None:
    other = LocalSigner.for_demonstration("impostor").address
    ran = command("verify", "proof", proofs_in(out)["fees"], "--custodian", other)
    assert (ran.status, "custodian_is_another" in ran.said) == (FAILED, True)


def test_two_statements_of_one_sequence_are_named(
    command: Command, prove: Command, out: Path, tmp_path: Path, seed: Path
) -> None:
    seed.write_bytes(bytes(32))
    assert prove(tmp_path / "again").status == DONE
    pair = proofs_in(out)["fees"], proofs_in(tmp_path / "again")["client/fund"]
    ran = command("verify", "proof", *pair)
    assert (ran.status, "two statements under one sequence" in ran.said) == (FAILED, True)
    assert command("verify", "proof", *pair, "--json").lines[2]["contradiction"] == "two_statements_of_one_sequence"


BAD_INPUT = [
    ("{}", "is missing"),
    ("no json", "is no JSON"),
    ('{"format": "x", "format": "x"}', "is there twice"),
]


@pytest.mark.parametrize(("text", "words"), BAD_INPUT)
def test_a_file_that_is_no_proof_is_bad_usage(command: Command, tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "proof.json"
    file.write_text(text)
    ran = command("verify", "proof", file)
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained.startswith(f"verify proof: {file}: ")
    assert words in ran.complained


def test_what_cannot_be_read_is_bad_usage(command: Command, prove: Command, out: Path, tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xff")
    fees = proofs_in(out)["fees"]
    for words in (
        ("verify", "proof", tmp_path / "nowhere"),
        ("verify", "proof", tmp_path),
        ("verify", "proof", tmp_path / "latin"),
        ("verify", "proof", fees, "--custodian", CUSTODIAN.lower()),
        ("verify", "proof"),
        ("verify", "proof", fees, "--nothing"),
    ):
        assert command(*words).status == USAGE, words
    for more in (
        ("--contract", "0x12"),
        ("--previous", tmp_path / "nowhere"),
        ("--seed-file", tmp_path / "nowhere"),
        ("--keystore", tmp_path / "nowhere"),
        ("--keystore", tmp_path / "nowhere", "--password-file", fees),
    ):
        assert prove(tmp_path / "new", *more).status == USAGE, more
    assert prove(tmp_path / "new", asset="DAI").status == USAGE  # its scale is not known and was not said
    assert not (tmp_path / "new").exists()


def test_what_cannot_be_published_is_refused(
    command: Command, prove: Command, out: Path, tmp_path: Path, seed: Path
) -> None:
    again = prove(out)
    assert (again.status, "holds something already" in again.complained) == (FAILED, True)
    assert prove(tmp_path / "new", "--scale", 6, asset="DAI").status == FAILED
    assert prove(tmp_path / "new", "--previous", out, asset="BTC").status == FAILED
    nowhere = command("prove", "--database", tmp_path / "none", "--asset", "USDC", "--out", tmp_path / "new")
    assert nowhere.status == FAILED
    seed.write_bytes(b"guess me")
    assert "could be guessed" in prove(tmp_path / "new").complained
    assert not (tmp_path / "new").exists()


def test_an_owner_that_no_chart_of_ours_has_is_refused(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "foreign.sqlite"
    with closing(open_database(path)) as database:
        odd = Account("USDC/../x", "USDC", Code.AVAILABLE, Limit.DEBITS_WITHIN_CREDITS)
        Books(database).open_accounts([CHART.vault(), odd])
    ran = command("prove", "--database", path, "--asset", "USDC", "--out", tmp_path / "new")
    assert (ran.status, "'../x' is no owner" in ran.complained) == (FAILED, True)
    assert list(tmp_path.rglob("x.json")) == []


def test_a_folder_that_cannot_be_made_is_refused(prove: Command, books: Path) -> None:
    ran = prove(books / "inside a file")
    assert (ran.status, "cannot be written" in ran.complained) == (FAILED, True)


def test_a_keystore_signs_and_its_password_stays_in_its_file(prove: Command, command: Command, tmp_path: Path) -> None:
    key, secret = bytes([5]) * 32, "correct horse"
    signer = write_keystore(tmp_path / "key.json", key, secret, scrypt_rounds=2)
    (tmp_path / "password").write_text(f"{secret}\n")
    with_key = ("--keystore", tmp_path / "key.json", "--password-file", tmp_path / "password")
    ran = prove(tmp_path / "new", *with_key, "--json")
    assert (ran.status, ran.complained) == (DONE, "")
    assert ran.lines[0]["custodian"] == signer.address
    assert command("verify", "proof", tmp_path / "new/proofs/fees.json", "--custodian", signer.address).status == DONE
    (tmp_path / "password").write_text("wrong horse\n")
    wrong = prove(tmp_path / "other", *with_key)
    assert (wrong.status, "horse" in wrong.complained) == (FAILED, False)
    assert not (tmp_path / "other").exists()


def test_a_demonstration_key_is_said_to_be_one(prove: Command, tmp_path: Path) -> None:
    assert "custodian: the demonstration key of a role, which everybody knows" in prove(tmp_path / "new").complained


def test_a_proof_is_private_to_whoever_wrote_it(out: Path) -> None:
    for folder in (out / "proofs", out / "proofs/client"):
        assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0


OFFLINE = """
import sys

def refuse(event, arguments):
    if event.startswith("socket."):
        raise RuntimeError(f"{event} while verifying")

sys.addaudithook(refuse)
from settlement.cli import main

status = main(["verify", "proof", *sys.argv[1:]])
sys.exit("the chain client was loaded" if "web3" in sys.modules else status)
"""


def offline(file: Path | str, text: str = "") -> subprocess.CompletedProcess[str]:
    """A process of its own, in which every socket is an error."""
    command = [sys.executable, "-c", OFFLINE, str(file)]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=120)


def test_verifying_needs_no_network(out: Path) -> None:
    ran = offline(proofs_in(out)["client/fund"])
    assert (ran.returncode, ran.stderr) == (DONE, "")


def test_standard_input_is_read(out: Path) -> None:
    ran = offline("-", proofs_in(out)["fees"].read_text())
    assert (ran.returncode, "fees is owed" in ran.stdout) == (DONE, True)
