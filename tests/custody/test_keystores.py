"""Keystore files: those of other wallets are read, ours are read by others, and a bad one says what is wrong."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_utils.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custody.keystores import KeystoreError, PasswordError, read_keystore, write_keystore
from custody.signers import LocalSigner

KEY = sha256(b"a key for a keystore").digest()
PASSWORD = "correct horse battery staple"
QUICK = 2**10
"""scrypt rounds that take ten milliseconds: for tests only."""

# Web3 Secret Storage Definition, test vectors (PBKDF2-SHA-256 and scrypt), password "testpassword".
VECTOR_KEY = bytes.fromhex("7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d")
VECTOR: dict[str, Any] = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf": "pbkdf2",
        "kdfparams": {
            "c": 262144,
            "dklen": 32,
            "prf": "hmac-sha256",
            "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
        },
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "custodian.json"
    write_keystore(path, KEY, PASSWORD, QUICK)
    return path


def test_the_vector_of_the_standard(tmp_path: Path) -> None:
    path = tmp_path / "vector.json"
    path.write_text(json.dumps(VECTOR))
    assert read_keystore(path, "testpassword").address == LocalSigner(VECTOR_KEY).address


def test_ours_is_read_by_others_and_theirs_by_us(store: Path, tmp_path: Path) -> None:
    assert bytes(Account.decrypt(store.read_text(), PASSWORD)) == KEY
    theirs = tmp_path / "theirs.json"
    theirs.write_text(json.dumps(Account.encrypt(KEY, "Ünïcode 密", kdf="pbkdf2", iterations=1000)))
    digest = sha256(b"x").digest()
    assert read_keystore(theirs, "Ünïcode 密").sign_digest(digest) == LocalSigner(KEY).sign_digest(digest)


def test_it_is_for_its_owner_and_not_written_over(store: Path) -> None:
    before = store.read_bytes()
    assert store.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeystoreError, match="is there already; a keystore is never written over"):
        write_keystore(store, sha256(b"another").digest(), PASSWORD, QUICK)
    assert store.read_bytes() == before
    with pytest.raises(KeystoreError, match="cannot be written: No such file"):
        write_keystore(store.parent / "nowhere" / "x.json", KEY, PASSWORD, QUICK)
    with pytest.raises(ValidationError):
        write_keystore(store.parent / "zero.json", bytes(32), PASSWORD, QUICK)
    assert not (store.parent / "zero.json").exists()


@pytest.mark.parametrize("password", ["", "Correct horse battery staple", PASSWORD + " "])
def test_a_wrong_password(store: Path, password: str) -> None:
    with pytest.raises(PasswordError, match="the password is wrong, or the file is damaged"):
        read_keystore(store, password)


def spoiled(store: Path, spoil: object) -> Path:
    assert callable(spoil)
    told = json.loads(store.read_text())
    spoil(told)
    store.write_text(json.dumps(told))
    return store


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda told: told.update(version=1), "its version is not 3"),
        (lambda told: told.pop("version"), "its version is not 3"),
        (lambda told: told.pop("crypto"), "a part of it is missing or wrong"),
        (lambda told: told.update(crypto=[]), "a part of it is missing or wrong"),
        (lambda told: told["crypto"].pop("mac"), "a part of it is missing or wrong"),
        (lambda told: told["crypto"].update(kdf="rot13"), "a part of it is missing or wrong"),
        (lambda told: told["crypto"].update(cipher="none"), "a part of it is missing or wrong"),
        (lambda told: told["crypto"].update(mac="zz"), "a part of it is missing or wrong"),
        (lambda told: told["crypto"]["kdfparams"].update(n="many"), "a part of it is missing or wrong"),
        (lambda told: told["crypto"]["kdfparams"].update(n=3), "a part of it is missing or wrong"),
        (lambda told: told["crypto"].update(ciphertext="00" * 32), "the password is wrong, or the file is damaged"),
        (lambda told: told["crypto"].update(mac="00" * 32), "the password is wrong, or the file is damaged"),
        (lambda told: told.update(address="00" * 20), "names another address than its key's"),
    ],
)
def test_a_damaged_file_says_so_and_shows_no_secret(store: Path, spoil: object, said: str) -> None:
    with pytest.raises(KeystoreError, match=said) as refused:
        read_keystore(spoiled(store, spoil), PASSWORD)
    for secret in (KEY.hex(), PASSWORD, str(int.from_bytes(KEY, "big")), repr(KEY)):
        assert secret not in f"{refused.value!r} {refused.value}"
    assert refused.value.__cause__ is None


def test_a_file_that_is_no_keystore(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for content, said in ((b"", "is no JSON"), (b"\xff\xfe", "it is no text"), (b"[" * 99_999, "is nested deeper"),
                          (b"[]", "its version is not 3"), (b"5", "its version is not 3")):  # fmt: skip
        path.write_bytes(content)
        with pytest.raises(KeystoreError, match=said):
            read_keystore(path, PASSWORD)
    with pytest.raises(KeystoreError, match="cannot be read: No such file"):
        read_keystore(tmp_path / "none.json", PASSWORD)
    with pytest.raises(KeystoreError, match="cannot be read: Is a directory"):
        read_keystore(tmp_path, PASSWORD)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_one_changed_hex_digit_is_noticed(store: Path, draw: st.DataObject) -> None:
    """Wherever it is in what is encrypted, its checksum, its salt or its start: never another key in silence."""
    text = store.read_text()
    told = json.loads(text)
    crypto = told["crypto"]
    place = draw.draw(st.sampled_from([(crypto, "ciphertext"), (crypto, "mac"), (crypto["kdfparams"], "salt")]))
    old = place[0][place[1]]
    index = draw.draw(st.integers(0, len(old) - 1))
    digit = draw.draw(st.sampled_from([digit for digit in "0123456789abcdef" if digit != old[index]]))
    place[0][place[1]] = old[:index] + digit + old[index + 1 :]
    store.write_text(json.dumps(told))
    with pytest.raises(PasswordError):
        read_keystore(store, PASSWORD)
    store.write_text(text)
