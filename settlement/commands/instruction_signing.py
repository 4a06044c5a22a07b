"""`bulkhead sign`: one key more under an instruction, after showing what it says; or who has signed so far.

Nothing is asked of a key before the instruction has been shown and could still be accepted. Whether a signer has a say
is for the custodian, who knows the policy; here are only keys.
"""

import json
import os
import sys
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from custody.curve import is_signed_by
from custody.shapes import FieldError, parse_json
from custody.signed import MOST_SIGNATURES, Signature, SignedInstruction
from settlement.commands.fields import InputError
from settlement.commands.instruction_words import sentence, shown
from settlement.commands.key_choice import Chosen
from settlement.commands.key_opening import opened_key
from settlement.commands.printing import date, print_json, print_line, printable
from settlement.commands.proof_reading import read
from settlement.commands.running import DONE, FAILED


class SignRefusal(StrEnum):
    """Why nothing is signed; where several hold, the earlier member is the answer."""

    FILE_IS_THERE_ALREADY = "file_is_there_already"
    INSTRUCTION_HAS_EXPIRED = "instruction_has_expired"
    SIGNATURES_ARE_TOO_MANY = "signatures_are_too_many"
    KEY_HAS_SIGNED_ALREADY = "key_has_signed_already"


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
    _tell(*shown(signed), *_doubts(signed))
    if refusal := _hopeless(asked, signed, now_s):
        return _refused(refusal)
    with opened_key(asked.key) as signer:
        if has_signed(signed, signer.address):
            return _refused(SignRefusal.KEY_HAS_SIGNED_ALREADY, signer.address)
        more = signed.signed_by(signer)
    if asked.out is None:
        print_line(more.to_json())
    else:
        _put(asked.out, more.to_json())
        if as_json:
            digest = f"0x{more.digest().hex()}"
            print_json({"out": str(asked.out), "digest": digest, "signed_by": [one.key for one in more.signatures]})
    _tell(f"signed by {signer.address}; signatures so far: {len(more.signatures)}")
    return DONE


def check(file: str, now_s: int, as_json: bool) -> int:
    """Say who has signed; FAILED where the custodian would decline it whatever its policy: it has expired, a key stands
    twice, or a signature is not its key's. InputError for what cannot be read.
    """
    signed = read(file, instruction_in)
    instruction, digest = signed.instruction, f"0x{signed.digest().hex()}"
    expired = instruction.expires_at_s <= now_s
    twice, proven = _twice(signed), [_is_proven(signed, one) for one in signed.signatures]
    holds = not expired and not twice and all(proven)
    if as_json:
        by = [{"key": one.key, "proven": good} for one, good in zip(signed.signatures, proven, strict=True)]
        print_json({
            "file": file, "operation": instruction.operation.value, "party": instruction.party, "id": instruction.id,
            "digest": digest, "valid_from_s": instruction.valid_from_s, "expires_at_s": instruction.expires_at_s,
            "expired": expired, "signed_by": by, "twice": twice, "holds": holds,
        })  # fmt: skip
    else:
        print_line(printable(f"{file}: {sentence(instruction)}"))
        print_line(f"  id {instruction.id}, digest {digest}")
        print_line(f"  {'expired' if expired else 'expires'} at {date(instruction.expires_at_s)}")
        for one, good in zip(signed.signatures, proven, strict=True):
            print_line(f"  {'signed by' if good else 'not proven for'} {one.key}")
        for line in _doubts(signed):
            print_line(f"  {line}")
    return DONE if holds else FAILED


def instruction_in(text: str) -> SignedInstruction:
    """An instruction with its signatures, or a draft without that field. FieldError names the field that is wrong."""
    try:
        told = parse_json(text)
        if isinstance(told, dict):
            text = json.dumps({"signatures": [], **told}, ensure_ascii=False, separators=(",", ":"))
        return SignedInstruction.from_json(text)
    except FieldError as why:  # which repeats what the file says
        raise FieldError("", printable(str(why))) from None


def has_signed(signed: SignedInstruction, address: str) -> bool:
    """Whether a signature in the name of this address is there, however its capitals are written."""
    return any(one.key.lower() == address.lower() for one in signed.signatures)


def _hopeless(asked: Asked, signed: SignedInstruction, now_s: int) -> SignRefusal | None:
    """Why no key need be asked."""
    if asked.out is not None and asked.out.exists() and not _is_same(asked):
        return SignRefusal.FILE_IS_THERE_ALREADY
    if signed.instruction.expires_at_s <= now_s:
        return SignRefusal.INSTRUCTION_HAS_EXPIRED
    return SignRefusal.SIGNATURES_ARE_TOO_MANY if len(signed.signatures) >= MOST_SIGNATURES else None


def _is_same(asked: Asked) -> bool:
    """Whether the file is signed in place: what is written then holds all that was read."""
    return asked.out is not None and asked.file != "-" and asked.out.samefile(asked.file)


def _put(out: Path, text: str) -> None:
    """Write the file as a whole, under another name first: a signature that was there before is never lost half-way."""
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
        raise InputError(f"--out: expected a place to write to, found {error.strerror}: {out}") from error


def _doubts(signed: SignedInstruction) -> list[str]:
    """What is wrong with the signatures that are there, as far as a file can show it."""
    unproven = [
        f"the signature in the name of {one.key} is not that key's: unless it is a contract, which only the chain can "
        "tell, the custodian declines all of it"
        for one in signed.signatures
        if not _is_proven(signed, one)
    ]
    return unproven + [f"{key} stands twice: the custodian declines all of it" for key in _twice(signed)]


def _is_proven(signed: SignedInstruction, one: Signature) -> bool:
    return is_signed_by(one.key, signed.digest(), one.signature.value)


def _twice(signed: SignedInstruction) -> list[str]:
    times = Counter(one.key.lower() for one in signed.signatures)
    return [one.key for one in signed.signatures if times.pop(one.key.lower(), 1) > 1]


def _refused(refusal: SignRefusal, detail: str = "") -> int:
    _tell(f"sign: {refusal}{f' ({detail})' if detail else ''}; nothing was signed")
    return FAILED


def _tell(*lines: str) -> None:
    """For whoever signs: standard output is for the signed instruction alone."""
    for line in lines:
        sys.stderr.write(f"{line}\n")
