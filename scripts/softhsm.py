"""A token in software, SoftHSM2 of Debian's package softhsm2: for tests and benchmarks of what talks to tokens."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pkcs11

PACKAGE = "softhsm2"
PLACES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
CONFIGURATION = "SOFTHSM2_CONF"
PIN = "1234"


@dataclass(frozen=True, slots=True)
class SoftToken:
    """A token that was made for the moment: the library that reaches it, its label and PIN, where its objects lie."""

    library: str
    label: str
    pin: str
    objects: Path


def missing() -> str | None:
    """What has to be installed, in words; None where everything is there."""
    if shutil.which("softhsm2-util") and _library():
        return None
    return f"Debian's package {PACKAGE} is not installed"


@contextmanager
def soft_token(folder: Path, label: str = "custody") -> Iterator[SoftToken]:
    """A fresh token in a folder, for this process. One at a time: the library knows one configuration."""
    objects, configuration = folder / "tokens", folder / "softhsm2.conf"
    objects.mkdir()
    configuration.write_text(f"directories.tokendir = {objects}\nobjectstore.backend = file\nlog.level = ERROR\n")
    before = os.environ.get(CONFIGURATION)
    os.environ[CONFIGURATION] = str(configuration)
    try:
        command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", PIN]
        subprocess.run(command, check=True, capture_output=True)
        # It reads its configuration when it is initialised, which an earlier token has done.
        pkcs11.lib(_library()).reinitialize()
        yield SoftToken(_library(), label, PIN, objects)
    finally:
        os.environ.pop(CONFIGURATION)
        if before is not None:
            os.environ[CONFIGURATION] = before


def _library() -> str:
    return next((place for place in PLACES if Path(place).exists()), "")
