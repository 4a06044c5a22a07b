"""One signature more under an instruction, whoever made it: what is asked before, and how the file is kept.

Standard output is for the signed instruction alone; what a person reads is on standard error.
"""

import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from custody.signed import MOST_SIGNATURES, SignedInstruction
from settlement.commands.instruction_checking import instruction_in, signers_of
from settlement.commands.instruction_words import shown
from settlement.commands.printing import print_json, print_line
from settlement.commands.proof_reading import read
from settlement.commands.running import DONE, FAILED
from settlement.commands.whole_file import fault_in_writing


class SignRefusal(StrEnum):
    """Why nothing is signed; where several hold, the earlier member is the answer."""

    FILE_IS_THERE_ALREADY = "file_is_there_already"
    INSTRUCTION_HAS_EXPIRED = "instruction_has_expired"
    SIGNATURES_ARE_TOO_MANY = "signatures_are_too_many"
    KEY_HAS_SIGNED_ALREADY = "key_has_signed_already"
    SIGNATURE_IS_NOT_THE_KEYS = "signature_is_not_the_keys"
    FILE_CANNOT_BE_WRITTEN = "file_cannot_be_written"


@dataclass(frozen=True, slots=True)
class Asked:
    """The instruction's file, - for standard input, and where it goes, None for standard output."""

    file: str
    out: Path | None = None


def read_out(asked: Asked, now_s: int) -> tuple[SignedInstruction, SignRefusal | None]:
    """The instruction, shown to whoever is to sign, and why nobody need be asked. `now_s`: UTC seconds.

    Raises InputError for what cannot be read.
    """
    signed = read(asked.file, instruction_in)
    tell(*shown(signed), *signers_of(signed).doubts)
    return signed, _hopeless(asked, signed, now_s)


def has_signed(signed: SignedInstruction, key: str) -> bool:
    """Whether a key's signature is there, however its capitals are written: the custodian counts the key."""
    return any(one.key.lower() == key.lower() for one in signed.signatures)


def kept(asked: Asked, signed: SignedInstruction, as_json: bool) -> int:
    """Write or print what has one signature more; FAILED where that cannot be done."""
    if asked.out is not None and (fault := fault_in_writing(asked.out, signed.to_json())):
        return refused(SignRefusal.FILE_CANNOT_BE_WRITTEN, f" ({fault})")
    keys = [one.key for one in signed.signatures]
    if asked.out is None:
        print_line(signed.to_json())
    elif as_json:
        print_json({"out": str(asked.out), "digest": f"0x{signed.digest().hex()}", "signatures": keys})
    tell(f"signed by {keys[-1]}; signatures so far: {len(keys)}")
    return DONE


def refused(refusal: SignRefusal, detail: str = "") -> int:
    """Say why nothing was signed."""
    tell(f"sign: {refusal}{detail}; nothing was signed")
    return FAILED


def tell(*lines: str) -> None:
    """Lines for whoever sits there."""
    for line in lines:
        sys.stderr.write(f"{line}\n")


def _hopeless(asked: Asked, signed: SignedInstruction, now_s: int) -> SignRefusal | None:
    if asked.out is not None and os.path.exists(asked.out) and not _is_in_place(asked.file, asked.out):
        return SignRefusal.FILE_IS_THERE_ALREADY
    if signed.instruction.expires_at_s <= now_s:
        return SignRefusal.INSTRUCTION_HAS_EXPIRED
    return SignRefusal.SIGNATURES_ARE_TOO_MANY if len(signed.signatures) >= MOST_SIGNATURES else None


def _is_in_place(file: str, out: Path) -> bool:
    """Whether the file that was read is the one to write, which then holds all that it held before."""
    return file != "-" and out.samefile(file)
