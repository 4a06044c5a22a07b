"""`bulkhead verify proof`: each check, of the file alone and, where a chain is named, of what stands there."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from custody.double_inclusion import contradictions
from custody.inclusion import Inclusion, check_inclusion, inclusion_in
from custody.shapes import FieldError
from custody.signatures import Address
from custody.strict_json import MOST_CHARACTERS
from settlement.commands.fields import InputError
from settlement.commands.printing import print_json, print_line, printable
from settlement.commands.proof_words import Checked, fields, sentences, tell
from settlement.commands.running import DONE, FAILED

if TYPE_CHECKING:  # it loads the chain's client, which a check of the file alone never needs
    from settlement.commands.registry_asking import ChainsWord

Read = TypeVar("Read")


def verify(
    files: Sequence[str],
    custodian: str,
    as_json: bool,
    ask: "Callable[[Inclusion], ChainsWord] | None" = None,
) -> int:
    """Check each file, and all of them against each other; FAILED where a check fails.

    `ask` puts a proof that holds by itself to a registry on chain. Raises InputError for a file that cannot be read or
    that is no proof, with the field that is wrong, and ChainError where the chain cannot be asked.
    """
    expected = named_custodian(custodian)
    checked = [_checked(file, read(file, inclusion_in), expected, ask) for file in files]
    for one in checked:
        if as_json:
            print_json(fields(one))
        else:
            for line in sentences(one):
                print_line(printable(line))
    sound = [one for one in checked if one.refusal is None]
    between = contradictions([one.proof for one in sound])
    for found in between:
        tell(found, [one.file for one in sound], as_json)
    return DONE if all(one.holds for one in checked) and not between else FAILED


def _checked(
    file: str, proof: Inclusion, expected: Address | None, ask: "Callable[[Inclusion], ChainsWord] | None"
) -> Checked:
    refusal = check_inclusion(proof, expected)
    return Checked(file, proof, refusal, expected is not None, ask(proof) if ask and refusal is None else None)


def read(file: str, parse: Callable[[str], Read]) -> Read:
    """What a file holds, or standard input for -; InputError where it cannot be read, with the field that is wrong."""
    most_bytes = 4 * MOST_CHARACTERS + 1
    try:
        if file == "-":
            return parse(sys.stdin.buffer.read(most_bytes).decode())
        with Path(file).open("rb") as opened:
            return parse(opened.read(most_bytes).decode())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: expected a readable file of text, found {error}") from error
    except FieldError as error:
        raise InputError(f"{file}: {error}") from error


def named_custodian(text: str) -> Address | None:
    """The address that was asked for, None where none was; InputError for one without its checksum."""
    try:
        return Address.parse(text) if text else None
    except FieldError as error:
        raise InputError(f"--custodian: {error}") from error
