"""`bulkhead sign`: its options. The work is imported when it is run, so that help comes at once."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from settlement.commands.key_choice import NOT_CHOSEN, Chosen
from settlement.commands.options import Json, Time

Instruction = Annotated[str, Parameter(allow_leading_hyphen=True)]
"""A file, or - for standard input."""
At = Annotated[Time, Parameter(name="--at", help="The time of the call, UTC seconds or ISO 8601; now, if left out.")]


def sign(
    file: Instruction,
    *,
    key: Chosen = NOT_CHOSEN,
    out: Path | None = None,
    check: Annotated[bool, Parameter(negative="")] = False,
    at: At = None,
    json: Json = False,
) -> int:
    """Show what an instruction says, sign it, and print it with one signature more; or say who has signed so far.

    Parameters
    ----------
    file
        The instruction, with signatures or none: an object with operation, domain and message; - for standard input.
    out
        The file to write; the same file is signed in place, another that exists is never written over.
    check
        Only say who has signed, when it expires, and its digest. Exit code 1 if it has expired or a signature is bad.
    json
        With --check or --out: print one JSON line.
    """
    from settlement.commands import instruction_checking, instruction_signing
    from settlement.commands.fields import InputError
    from settlement.commands.key_opening import with_key
    from settlement.commands.running import now_s

    at_s = now_s() if at is None else at

    def work() -> int:
        if not check:
            return instruction_signing.sign(instruction_signing.Asked(file, out, key), at_s, json)
        if out is not None or key != NOT_CHOSEN:
            raise InputError("--check: expected neither a key nor --out beside it: nothing is signed")
        return instruction_checking.check(file, at_s, json)

    return with_key("sign", work)
