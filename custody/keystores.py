"""Keys in files: the V3 keystore that Ethereum wallets write (Web3 Secret Storage), scrypt over a password.

A file is written once, readable by its owner only, and never over another. Neither key nor password stands in any
error; the salt is the library's own, since nothing that repeats may depend on it.
"""

import json
import os
from pathlib import Path
from typing import Any

from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json
from eth_utils.exceptions import ValidationError

from custody.shapes import FieldError
from custody.signers import LocalSigner
from custody.strict_json import parse_json

SCRYPT_ROUNDS = 2**18
"""n of scrypt, the standard's strength: about a second for us and for every guess of a thief's."""


class KeystoreError(Exception):
    """A keystore cannot be read or written; the message names the file and what to do."""


class PasswordError(KeystoreError):
    """The password does not open the keystore (or its ciphertext is damaged: the two cannot be told apart)."""


def write_keystore(path: Path, key: bytes, password: str, scrypt_rounds: int = SCRYPT_ROUNDS) -> LocalSigner:
    """Encrypt a key into a new file, durably; the signer of it.

    Raises KeystoreError where there is a file already, and eth_utils' ValidationError for 32 bytes that are no key.
    """
    signer = LocalSigner(key)
    told = create_keyfile_json(key, password.encode(), kdf="scrypt", iterations=scrypt_rounds)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeystoreError(f"{path} is there already; a keystore is never written over") from None
    except OSError as why:
        raise KeystoreError(f"{path} cannot be written: {why.strerror}") from None
    with open(handle, "w", encoding="utf-8") as file:
        json.dump(told, file)
        file.flush()
        os.fsync(handle)
    return signer


def read_keystore(path: Path, password: str) -> LocalSigner:
    """The signer of the key in a V3 keystore. Raises PasswordError, or KeystoreError for a file that is none."""
    try:
        told = parse_json(path.read_text(encoding="utf-8"))
    except OSError as why:
        raise KeystoreError(f"{path} cannot be read: {why.strerror}") from None
    except UnicodeDecodeError:
        raise KeystoreError(f"{path} is no V3 keystore: it is no text") from None
    except FieldError as why:
        raise KeystoreError(f"{path} is no V3 keystore: {why}") from None
    if not isinstance(told, dict) or told.get("version") != 3:
        raise KeystoreError(f"{path} is no V3 keystore: its version is not 3")
    if not _says_cipher(told):
        raise _damaged(path)
    try:
        signer = LocalSigner(decode_keyfile_json(told, password.encode()))
    except ValueError as why:
        if "MAC" in str(why):
            raise PasswordError(f"{path}: the password is wrong, or the file is damaged") from None
        raise _damaged(path) from None
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError, NotImplementedError, ValidationError):
        raise _damaged(path) from None
    _require_address(path, told.get("address"), signer.address)
    return signer


def _says_cipher(told: dict[str, Any]) -> bool:
    # The library decrypts with the one cipher of the standard whatever the file says.
    crypto = told.get("crypto", told.get("Crypto"))
    return isinstance(crypto, dict) and crypto.get("cipher") == "aes-128-ctr"


def _require_address(path: Path, named: object, address: str) -> None:
    # The standard leaves the address out or gives it without 0x; it is not under the MAC, so it could be anybody's.
    if named is not None and str(named).lower().removeprefix("0x") != address[2:].lower():
        raise KeystoreError(f"{path} names another address than its key's, which is {address}")


def _damaged(path: Path) -> KeystoreError:
    return KeystoreError(f"{path} is no V3 keystore that can be opened: a part of it is missing or wrong")
