"""Which key is meant: options that every command with a key takes. A secret is never one of them.

What stands on a command line is seen by every process of the machine and kept by the shell; so passwords and PINs come
from a file, or from whoever sits at the terminal.
"""

from dataclasses import dataclass
from pathlib import Path

from cyclopts import Parameter

from settlement.commands.fields import InputError


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A keystore, a key in a token, or a demonstration key: exactly one of the three."""

    keystore: Path | None = None
    """A V3 keystore. Its password is asked for at the terminal."""
    password_file: Path | None = None
    """A file whose first line is the keystore's password."""
    token: str = ""
    """The label of a PKCS#11 token. Its PIN is asked for at the terminal."""
    library: Path | None = None
    """The PKCS#11 module of the token's maker."""
    key: str = ""
    """The label of the key in the token."""
    pin_file: Path | None = None
    """A file whose first line is the token's PIN."""
    demonstration: str = ""
    """A role, such as client/fund:treasurer, whose key everybody knows: for demonstrations only."""

    def require_one(self) -> None:
        """InputError unless one key is named, with all that belongs to it and nothing else."""
        ways = {"--keystore": self.keystore, "--token": self.token, "--demonstration": self.demonstration}
        named = [way for way, value in ways.items() if value]
        if len(named) != 1:
            found = " and ".join(named) or "none"
            raise InputError(f"expected one key, by --keystore, --token or --demonstration, found {found}")
        belongings = {
            "--password-file": (self.password_file, "--keystore"),
            "--library": (self.library, "--token"),
            "--key": (self.key, "--token"),
            "--pin-file": (self.pin_file, "--token"),
        }
        for option, (value, way) in belongings.items():
            if value and way not in named:
                raise InputError(f"{option}: belongs to {way}, found {named[0]}")
        for option in ("--library", "--key"):
            if self.token and not belongings[option][0]:
                raise InputError(f"{option}: expected this option beside --token, found none")


NOT_CHOSEN = Chosen()
