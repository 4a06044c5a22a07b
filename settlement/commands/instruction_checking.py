"""`bulkhead sign --check`: who has signed an instruction so far, as far as the file alone can show it.

Keys only: who holds one, and whether that person has a say, is for the custodian, who knows keyring and policy.
"""

import json
from collections import Counter
from dataclasses import dataclass

from custody.curve import is_signed_by
from custody.shapes import FieldError
from custody.signed import SignedInstruction
from custody.strict_json import parse_json
from settlement.commands.instruction_words import sentence
from settlement.commands.printing import date, print_json, print_line, printable
from settlement.commands.proof_reading import read
from settlement.commands.running import DONE, FAILED


@dataclass(frozen=True, slots=True)
class Signers:
    """The keys in whose name there are signatures, in order: `proven` are those whose key gave it; of the others only
    the chain can tell whether a contract did. `twice`: named more than once, however the capitals are written.
    """

    proven: tuple[str, ...]
    unproven: tuple[str, ...]
    twice: tuple[str, ...]

    @property
    def doubts(self) -> list[str]:
        """Why the custodian may decline all of it, in words."""
        strange = [
            f"the signature in the name of {key} is not that key's: unless {key} is a contract, which only the chain "
            "can tell, the custodian declines all of it"
            for key in self.unproven
        ]
        return strange + [f"{key} stands there twice: the custodian declines all of it" for key in self.twice]


def signers_of(signed: SignedInstruction) -> Signers:
    """Whose signatures are there."""
    digest = signed.digest()
    proven = [is_signed_by(one.key, digest, one.signature.value) for one in signed.signatures]
    keys = [one.key for one in signed.signatures]
    times = Counter(key.lower() for key in keys)
    return Signers(
        tuple(key for key, good in zip(keys, proven, strict=True) if good),
        tuple(key for key, good in zip(keys, proven, strict=True) if not good),
        tuple(key for key, many in times.items() if many > 1),
    )


def instruction_in(text: str) -> SignedInstruction:
    """An instruction with its signatures, or a draft without that field. FieldError names the field that is wrong."""
    try:
        told = parse_json(text)
        if isinstance(told, dict):
            text = json.dumps({"signatures": [], **told}, ensure_ascii=False, separators=(",", ":"))
        return SignedInstruction.from_json(text)
    except FieldError as why:  # which repeats what the file says
        raise FieldError("", printable(str(why))) from None


def check(file: str, now_s: int, as_json: bool) -> int:
    """Say who has signed; FAILED where it has expired at `now_s` (UTC seconds), a key stands twice, or a signature is
    not its key's: the custodian declines that, whatever its policy. InputError for what cannot be read.
    """
    signed = read(file, instruction_in)
    signers, expired = signers_of(signed), signed.instruction.expires_at_s <= now_s
    holds = not (expired or signers.doubts)
    if as_json:
        print_json({"file": file, **_fields(signed, signers), "expired": expired, "holds": holds})
    else:
        print_line(printable(f"{file}: {sentence(signed.instruction)}"))
        print_line(f"  id {signed.instruction.id}, digest 0x{signed.digest().hex()}")
        print_line(f"  {'expired' if expired else 'expires'} at {date(signed.instruction.expires_at_s)}")
        print_line(f"  signed by {', '.join(signers.proven) or 'nobody'}")
        for doubt in signers.doubts:
            print_line(f"  {doubt}")
    return DONE if holds else FAILED


def _fields(signed: SignedInstruction, signers: Signers) -> dict[str, object]:
    instruction = signed.instruction
    return {
        "operation": instruction.operation.value,
        "party": instruction.party,
        "id": instruction.id,
        "digest": f"0x{signed.digest().hex()}",
        "valid_from_s": instruction.valid_from_s,
        "expires_at_s": instruction.expires_at_s,
        "signed_by": signers.proven,
        "unproven": signers.unproven,
        "twice": signers.twice,
    }
