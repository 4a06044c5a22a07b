"""The key that an option names, opened: its secret from a file, or from the terminal without an echo.

A key that is not there is bad usage; a key that is there and refuses (password, PIN, a token that was taken away) is a
failure. No message holds a secret.
"""

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from getpass import GetPassWarning, getpass
from pathlib import Path

from custody.hardware import HardwareToken, KeyMissingError, TokenError, TokenMissingError
from custody.keystores import KeystoreError, PasswordError, read_keystore, write_keystore
from custody.signers import LocalSigner, Signer
from settlement.commands.fields import InputError
from settlement.commands.key_choice import Chosen
from settlement.commands.printing import print_json, print_line, printable
from settlement.commands.running import DONE, FAILED, answered

_WARNING = "{}: the demonstration key of a role, which everybody knows; --keystore or --token names a real one\n"


@contextmanager
def opened_key(chosen: Chosen) -> Iterator[Signer]:
    """The signer of the key, for as long as the context is open. Raises InputError, KeystoreError or TokenError."""
    chosen.require_one()
    if chosen.keystore is not None:
        yield _from_keystore(chosen.keystore, chosen.password_file)
    elif chosen.token:
        with _token(chosen) as token:
            yield token.signer(chosen.key)
    else:
        sys.stderr.write(_WARNING.format(printable(chosen.demonstration)))
        yield LocalSigner.for_demonstration(chosen.demonstration)


@contextmanager
def made_key(chosen: Chosen, drawn: bytes) -> Iterator[Signer]:
    """A new key in a keystore that is not there yet, or inside a token. `drawn`: 32 random bytes, for a keystore.

    Raises InputError, KeystoreError or TokenError.
    """
    chosen.require_one()
    if chosen.keystore is not None:
        if os.path.exists(chosen.keystore):  # asked before the password is
            raise KeystoreError(f"{chosen.keystore} is there already; a keystore is never written over")
        yield write_keystore(chosen.keystore, drawn, _new_password(chosen))
    elif chosen.token:
        with _token(chosen) as token:
            yield token.make_key(chosen.key)
    else:
        raise InputError("--demonstration: the keys of roles are there already; --keystore or --token takes a new one")


def show(opened: AbstractContextManager[Signer], as_json: bool) -> int:
    """Print the address of a key, as signatures and keyrings name it."""
    with opened as signer:
        if as_json:
            print_json({"address": signer.address})
        else:
            print_line(signer.address)
    return DONE


def with_key(command: str, work: Callable[[], int]) -> int:
    """The exit code of a command that asks a key, whether its work ends or fails."""
    return answered(command, lambda: _guarded(command, work), group="")


def _guarded(command: str, work: Callable[[], int]) -> int:
    try:
        return work()
    except (TokenMissingError, KeyMissingError) as error:
        raise InputError(printable(str(error))) from error
    except (KeystoreError, TokenError) as error:
        sys.stderr.write(f"{command}: {printable(str(error))}\n")
        return FAILED


def _from_keystore(file: Path, password_file: Path | None) -> LocalSigner:
    if not os.path.isfile(file):  # asked before the password is
        raise InputError(f"--keystore: expected a keystore, found no file {file}")
    password = _secret(password_file, "--password-file", f"Password of {file}")
    try:
        return read_keystore(file, password)
    except PasswordError:
        raise
    except KeystoreError as error:
        raise InputError(f"--keystore: {printable(str(error))}") from error


def _token(chosen: Chosen) -> HardwareToken:
    pin = _secret(chosen.pin_file, "--pin-file", f"PIN of token {chosen.token}")
    return HardwareToken(str(chosen.library), chosen.token, pin)


def _new_password(chosen: Chosen) -> str:
    password = _secret(chosen.password_file, "--password-file", f"Password for {chosen.keystore}")
    if not password:
        raise InputError("--password-file: expected a password, found an empty one, which would protect nothing")
    if chosen.password_file is None and _asked("--password-file", "The same again") != password:
        raise InputError("the two passwords differ; nothing was written")
    return password


def _secret(file: Path | None, option: str, words: str) -> str:
    """The first line of a file, or what is typed."""
    if file is None:
        return _asked(option, words)
    try:
        return file.read_text(encoding="utf-8").split("\n")[0].removesuffix("\r")
    except OSError as error:
        raise InputError(f"{option}: expected a readable file, found {error.strerror}: {file}") from error
    except UnicodeDecodeError:  # whose message would show a byte of the secret
        raise InputError(f"{option}: expected a text in UTF-8: {file}") from None


def _asked(option: str, words: str) -> str:
    with warnings.catch_warnings():
        # Without a terminal, getpass would warn and then read with an echo.
        warnings.simplefilter("error", GetPassWarning)
        try:
            return getpass(f"{printable(words)}: ")
        except GetPassWarning:
            raise InputError(f"{option}: expected this option, since there is no terminal to ask at") from None
        except EOFError:
            raise InputError(f"{option}: nothing was typed") from None
