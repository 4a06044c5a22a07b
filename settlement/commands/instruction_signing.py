"""`bulkhead sign`: one key more under an instruction.

Nothing is asked of a key before the instruction has been shown, and only if it could still be accepted. Standard output
is for the signed instruction alone; what a person reads is on standard error.
"""

import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from custody.signed import MOST_SIGNATURES, SignedInstruction
from settlement.commands.instruction_checking import instruction_in, signers_of
from settlement.commands.instruction_words import shown
from settlement.commands.key_choice import Chosen
from settlement.commands.key_opening import opened_key
from settlement.commands.printing import print_json, print_line
from settlement.commands.proof_reading import read
from settlement.commands.running import DONE, FAILED


class SignRefusal(StrEnum):
    """Why nothing is signed; where several hold, the earlier member is the answer."""

    FILE_IS_THERE_ALREADY = "file_is_there_already"
    INSTRUCTION_HAS_EXPIRED = "instruction_has_expired"
    SIGNATURES_ARE_TOO_MANY = "signatures_are_too_many"
    KEY_HAS_SIGNED_ALREADY = "key_has_signed_already"
    FILE_CANNOT_BE_WRITTEN = "file_cannot_be_written"


@dataclass(frozen=True, slots=True)
class Asked:
    """The instruction's file, - for standard input; where it goes, None for standard output; whose signature."""

    file: str
    out: Path | None
    key: Chosen


def sign(asked: Asked, now_s: int, as_json: bool) -> int:
    """Add one signature; FAILED where nothing is signed. `now_s`: UTC seconds.

    Raises InputError for what cannot be read, KeystoreError or TokenError where the key refuses.
    """
    asked.key.require_one()
    signed = read(asked.file, instruction_in)
    _tell(*shown(signed), *signers_of(signed).doubts)
    if refusal := _hopeless(asked, signed, now_s):
        return _refused(refusal)
    with opened_key(asked.key) as signer:
        # However its capitals are written: the custodian counts the key, not the text.
        if any(one.key.lower() == signer.address.lower() for one in signed.signatures):
            return _refused(SignRefusal.KEY_HAS_SIGNED_ALREADY, f" ({signer.address})")
        more = signed.signed_by(signer)
    if asked.out is not None and (fault := _fault_in_writing(asked.out, more.to_json())):
        return _refused(SignRefusal.FILE_CANNOT_BE_WRITTEN, f" ({fault})")
    _say(asked.out, more, as_json)
    _tell(f"signed by {signer.address}; signatures so far: {len(more.signatures)}")
    return DONE


def _hopeless(asked: Asked, signed: SignedInstruction, now_s: int) -> SignRefusal | None:
    """Why no key need be asked."""
    if asked.out is not None and os.path.exists(asked.out) and not _is_in_place(asked.file, asked.out):
        return SignRefusal.FILE_IS_THERE_ALREADY
    if signed.instruction.expires_at_s <= now_s:
        return SignRefusal.INSTRUCTION_HAS_EXPIRED
    return SignRefusal.SIGNATURES_ARE_TOO_MANY if len(signed.signatures) >= MOST_SIGNATURES else None


def _is_in_place(file: str, out: Path) -> bool:
    """Whether the file that was read is the one to write, which then holds all that it held before."""
    return file != "-" and out.samefile(file)


def _fault_in_writing(out: Path, text: str) -> str:
    """Write the file as a whole, under another name first: a signature that was there is never lost half-way.

    The reason where that fails, else "".
    """
    unfinished = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        try:
            with unfinished.open("x", encoding="utf-8") as file:
                file.write(f"{text}\n")
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(out)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def _say(out: Path | None, signed: SignedInstruction, as_json: bool) -> None:
    if out is None:
        print_line(signed.to_json())
    elif as_json:
        keys = [one.key for one in signed.signatures]
        print_json({"out": str(out), "digest": f"0x{signed.digest().hex()}", "signatures": keys})


def _refused(refusal: SignRefusal, detail: str = "") -> int:
    _tell(f"sign: {refusal}{detail}; nothing was signed")
    return FAILED


def _tell(*lines: str) -> None:
    for line in lines:
        sys.stderr.write(f"{line}\n")
