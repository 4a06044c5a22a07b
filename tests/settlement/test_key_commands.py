"""`bulkhead keys`: keys in files and in a real token, whose secrets come from a file or a terminal and show nowhere."""

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from eth_account import Account

from custody.keystores import write_keystore
from custody.signers import LocalSigner
from scripts.softhsm import SoftToken, missing, soft_token
from settlement.cli import main
from tests.settlement.ledger_day import DONE, FAILED, USAGE, Ran
from tests.settlement.typed_secrets import typed, without_terminal

KEY = sha256(b"a key for the commands").digest()
ADDRESS = LocalSigner(KEY).address
PASSWORD = "correct horse battery staple"
QUICK = 2**10
"""scrypt rounds that take ten milliseconds: for tests only."""

Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def ran(*words: object) -> Ran:
        capsys.readouterr()
        return Ran(main(["keys", *map(str, words)]), *capsys.readouterr())

    return ran


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\nand another line\n")
    return file


@pytest.fixture
def store(tmp_path: Path) -> Path:
    file = tmp_path / "store.json"
    write_keystore(file, KEY, PASSWORD, QUICK)
    return file


@pytest.fixture
def soft(tmp_path: Path) -> Iterator[SoftToken]:
    if missing():
        pytest.skip(str(missing()))
    with soft_token(tmp_path) as token:
        yield token


def token_words(soft: SoftToken, folder: Path, pin: str, key: str = "hot") -> list[object]:
    (folder / "pin").write_text(f"{pin}\n")
    return ["--token", soft.label, "--library", soft.library, "--key", key, "--pin-file", folder / "pin"]


# -- keystores ---------------------------------------------------------------------------------------------------------


def test_a_new_keystore_is_for_its_owner_and_any_wallet(run: Run, tmp_path: Path, secret: Path) -> None:
    file = tmp_path / "new.json"
    made = run("new", "--keystore", file, "--password-file", secret)
    assert (made.status, made.complained) == (DONE, "")
    key = bytes(Account.decrypt(file.read_text(), PASSWORD))
    assert made.said == f"{LocalSigner(key).address}\n"
    assert file.stat().st_mode & 0o777 == 0o600
    shown = run("show", "--keystore", file, "--password-file", secret, "--json")
    assert shown.lines == [{"address": LocalSigner(key).address}]
    again = run("new", "--keystore", file, "--password-file", secret)
    assert (again.status, again.said) == (FAILED, "")
    assert again.complained == f"keys new: {file} is there already; a keystore is never written over\n"
    assert bytes(Account.decrypt(file.read_text(), PASSWORD)) == key


def test_no_two_new_keys_are_the_same(run: Run, tmp_path: Path, secret: Path) -> None:
    made = [run("new", "--keystore", tmp_path / str(n), "--password-file", secret).said for n in range(2)]
    assert made[0] != made[1]


def test_the_address_is_the_keys_and_not_what_the_file_says(run: Run, store: Path, secret: Path) -> None:
    assert run("show", "--keystore", store, "--password-file", secret).said == f"{ADDRESS}\n"
    store.write_text(json.dumps({**json.loads(store.read_text()), "address": "00" * 20}))
    ran = run("show", "--keystore", store, "--password-file", secret)
    assert (ran.status, ran.said) == (USAGE, "")
    assert f"names another address than its key's, which is {ADDRESS}" in ran.complained


def test_a_wrong_password_is_refused_and_not_shown(run: Run, store: Path, secret: Path) -> None:
    secret.write_text("incorrect horse")
    ran = run("show", "--keystore", store, "--password-file", secret)
    said = f"keys show: {store}: the password is wrong, or the file is damaged\n"
    assert (ran.status, ran.said, ran.complained) == (FAILED, "", said)


@pytest.mark.parametrize(
    ("content", "password"),
    [(f"{PASSWORD}\r\nx", PASSWORD), (PASSWORD, PASSWORD), (f"{PASSWORD}\x0b\n", f"{PASSWORD}\x0b"), ("\n", "")],
)
def test_the_password_is_the_first_line_and_all_of_it(run: Run, tmp_path: Path, content: str, password: str) -> None:
    (tmp_path / "password").write_bytes(content.encode())
    write_keystore(tmp_path / "store.json", KEY, password, QUICK)
    ran = run("show", "--keystore", tmp_path / "store.json", "--password-file", tmp_path / "password")
    assert (ran.status, ran.said) == (DONE, f"{ADDRESS}\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "--password-file: expected a readable file, found No such file or directory: "),
        (b"\xff\xfe", "--password-file: expected a text in UTF-8: "),
        (b"", "--password-file: expected a password, found an empty one, which would protect nothing"),
    ],
)
def test_a_password_file_that_is_none(run: Run, tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    ran = run("new", "--keystore", tmp_path / "new.json", "--password-file", file)
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained.startswith(f"keys new: {said}")
    assert not (tmp_path / "new.json").exists()


def test_a_keystore_that_is_none(run: Run, tmp_path: Path, secret: Path) -> None:
    file = tmp_path / "x\x1b[2J.json"
    ran = run("show", "--keystore", file, "--password-file", secret)
    assert ran.status == USAGE
    assert "keys show: --keystore: expected a keystore, found no file " in ran.complained
    file.write_text("{}")
    ran = run("show", "--keystore", file, "--password-file", secret)
    assert ran.status == USAGE
    assert "is no V3 keystore: its version is not 3" in ran.complained
    assert "\x1b" not in ran.complained
    ran = run("new", "--keystore", tmp_path / "nowhere" / "x.json", "--password-file", secret)
    assert (ran.status, "cannot be written: No such file" in ran.complained) == (FAILED, True)
    assert run("show", "--keystore", tmp_path / ("x" * 300), "--password-file", secret).status == USAGE


# -- which key ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "expected one key, by --keystore, --token or --demonstration, found none"),
        ("--pin-file p", "expected one key, by --keystore, --token or --demonstration, found none"),
        ("--keystore k --token t", "expected one key, by --keystore, --token or --demonstration, found --keystore and"),
        (
            "--keystore k --demonstration r --key h",
            "expected one key, by --keystore, --token or --demonstration, found",
        ),
        ("--token t --password-file p", "--password-file: belongs to --keystore, found --token"),
        ("--demonstration r --password-file p", "--password-file: belongs to --keystore, found --demonstration"),
        ("--keystore k --library l --key h", "--library: belongs to --token, found --keystore"),
        ("--keystore k --key h --pin-file p", "--key: belongs to --token, found --keystore"),
        ("--keystore k --pin-file p", "--pin-file: belongs to --token, found --keystore"),
        ("--token t", "--library: expected this option beside --token, found none"),
        ("--token t --library l", "--key: expected this option beside --token, found none"),
    ],
)
@pytest.mark.parametrize("command", ["new", "show"])
def test_one_key_is_named_with_what_belongs_to_it(run: Run, command: str, words: str, said: str) -> None:
    ran = run(command, *words.split())
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained.startswith(f"keys {command}: {said}")


def test_a_demonstration_key_says_so(run: Run) -> None:
    ran = run("show", "--demonstration", "custodian")
    assert (ran.status, ran.said) == (DONE, f"{LocalSigner.for_demonstration('custodian').address}\n")
    assert "custodian: the demonstration key of a role, which everybody knows" in ran.complained
    assert run("new", "--demonstration", "custodian").status == USAGE


def test_a_secret_is_no_option(run: Run, store: Path) -> None:
    for option in ("--password", "--pin", "--private-key"):
        ran = run("show", "--keystore", store, option, PASSWORD)
        assert (ran.status, ran.said) == (USAGE, "")


# -- tokens ------------------------------------------------------------------------------------------------------------


def test_a_key_is_made_in_a_token_and_found_again(run: Run, soft: SoftToken, tmp_path: Path) -> None:
    words = token_words(soft, tmp_path, soft.pin)
    made = run("new", *words)
    assert (made.status, made.complained) == (DONE, "")
    assert run("show", *words).said == made.said
    again = run("new", *words)
    assert (again.status, again.said) == (FAILED, "")
    assert again.complained == "keys new: token custody: key hot is there already\n"
    other = run("new", *token_words(soft, tmp_path, soft.pin, "cold"))
    assert other.said != made.said


def test_a_token_that_refuses_and_one_that_is_not_there(run: Run, soft: SoftToken, tmp_path: Path) -> None:
    words = token_words(soft, tmp_path, "987654")
    ran = run("show", *words)
    assert (ran.status, ran.complained) == (FAILED, "keys show: token custody: the PIN is wrong\n")
    words = token_words(soft, tmp_path, soft.pin)
    ran = run("show", *words)
    assert (ran.status, ran.complained) == (USAGE, "keys show: token custody: 0 keys are called hot, expected one\n")
    ran = run("show", *words[2:], "--token", "vault")
    assert (ran.status, "token vault: there is none in" in ran.complained) == (USAGE, True)
    ran = run("show", *words[:2], "--library", tmp_path / "nowhere.so", *words[4:])
    assert (ran.status, "nowhere.so cannot be used" in ran.complained) == (USAGE, True)


# -- at a terminal -----------------------------------------------------------------------------------------------------


def test_a_password_is_typed_twice_and_seen_never(tmp_path: Path) -> None:
    file = tmp_path / "new.json"
    ran = typed("keys", "new", "--keystore", file, answers=[PASSWORD, PASSWORD])
    assert ran.status == DONE
    assert ran.complained == f"Password for {file}: \nThe same again: \n"
    assert ran.said == f"{LocalSigner(bytes(Account.decrypt(file.read_text(), PASSWORD))).address}\n"


def test_two_passwords_that_differ_make_no_key(tmp_path: Path) -> None:
    file = tmp_path / "new.json"
    ran = typed("keys", "new", "--keystore", file, answers=[PASSWORD, "correct horse"])
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained.endswith("keys new: the two passwords differ; nothing was written\n")
    assert "horse" not in ran.complained
    assert not file.exists()


def test_nothing_typed_is_no_password(store: Path) -> None:
    ran = typed("keys", "show", "--keystore", store, answers=["\x04"])
    assert (ran.status, ran.said) == (USAGE, "")
    assert "keys show: --password-file: nothing was typed" in ran.complained


def test_without_a_terminal_nobody_is_asked(store: Path) -> None:
    """What would be read with an echo, or from a pipe that is meant for something else, is not read at all."""
    ran = without_terminal("keys", "show", "--keystore", store, given=f"{PASSWORD}\n")
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained == "keys show: --password-file: expected this option, since there is no terminal to ask at\n"
