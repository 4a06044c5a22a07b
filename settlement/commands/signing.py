"""`bulkhead sign`: its options. The work is imported when it is run, so that help comes at once."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from settlement.commands.key_choice import NOT_CHOSEN, Chosen
from settlement.commands.options import At, Json

Instruction = Annotated[str, Parameter(allow_leading_hyphen=True)]
"""A file, or - for standard input."""
Flag = Annotated[bool, Parameter(negative="")]


def sign(
    file: Instruction,
    *,
    key: Chosen = NOT_CHOSEN,
    out: Path | None = None,
    typed_data: Flag = False,
    attach: str = "",
    as_account: Annotated[str, Parameter(name="--as")] = "",
    as_contract: str = "",
    check: Flag = False,
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
    typed_data
        Only print what a wallet takes: the JSON of eth_signTypedData_v4.
    attach
        A signature that a wallet made, 0x and hex digits, instead of a key's that is here.
    as_account
        With --attach: the address whose signature it is.
    as_contract
        With --attach: the contract in whose name it is (ERC-1271); only the chain can tell whether it is.
    check
        Only say who has signed, when it expires, and its digest. Exit code 1 if it has expired or a signature is bad.
    json
        With --check or --out: print one JSON line.
    """
    from settlement.commands import instruction_attaching, instruction_checking, instruction_signing
    from settlement.commands.fields import InputError
    from settlement.commands.instruction_adding import Asked
    from settlement.commands.key_opening import with_key
    from settlement.commands.running import now_s

    at_s = now_s() if at is None else at
    modes = [name for name, on in (("--typed-data", typed_data), ("--attach", attach), ("--check", check)) if on]

    def work() -> int:
        if len(modes) > 1:
            raise InputError(f"{' and '.join(modes)}: expected one of them")
        if modes and key != NOT_CHOSEN:
            raise InputError(f"{modes[0]}: expected no key beside it: none is asked")
        if out is not None and (check or typed_data):
            raise InputError(f"{modes[0]}: expected no --out beside it: nothing is signed")
        if (as_account or as_contract) and not attach:
            raise InputError("--as and --as-contract: expected the signature, by --attach")
        if typed_data:
            return instruction_attaching.typed_data(file, at_s)
        if attach:
            given = instruction_attaching.Given(attach, as_account, as_contract)
            return instruction_attaching.attach(Asked(file, out), given, at_s, json)
        if check:
            return instruction_checking.check(file, at_s, json)
        return instruction_signing.sign(Asked(file, out), key, at_s, json)

    return with_key("sign", work)
