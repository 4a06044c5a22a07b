"""`bulkhead verify proof`: each check in words, and what no such proof can show."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from custody.double_inclusion import Contradiction, Kind, contradictions
from custody.inclusion import Inclusion, InclusionRefusal, check_inclusion, inclusion_in
from custody.money import Asset, MoneyError
from custody.shapes import FieldError
from custody.signatures import Address
from custody.strict_json import MOST_CHARACTERS
from settlement.commands.fields import InputError
from settlement.commands.printing import date, print_json, print_line, printable
from settlement.commands.running import DONE, FAILED

Read = TypeVar("Read")

MEANING = {
    InclusionRefusal.CUSTODIAN_IS_ANOTHER: "the file names another custodian than the one that was asked for",
    InclusionRefusal.SIGNATURE_IS_MALFORMED: "what stands for the signature is none",
    InclusionRefusal.SIGNATURE_IS_MALLEABLE: "the signature is the second form of one, which does not count",
    InclusionRefusal.SIGNATURE_IS_ANOTHERS: "the custodian did not sign this statement: a field of it was changed, or"
    " somebody else signed",
    InclusionRefusal.TREE_IS_EMPTY: "the statement counts no accounts",
    InclusionRefusal.INDEX_IS_OUTSIDE_THE_TREE: "the leaf stands behind the last of the accounts that were counted",
    InclusionRefusal.PATH_HAS_ANOTHER_LENGTH: "a tree of so many accounts has paths of another length",
    InclusionRefusal.TOTAL_IS_ANOTHER: "the balance and the sums beside it do not add up to the signed total",
    InclusionRefusal.ROOT_IS_ANOTHER: "the leaf and its path do not lead to the signed root: the account, balance,"
    " salt, index or a step of the path was changed",
}
"""What each failed check says about the file."""

PROVES = "the balance is a part of the total of liabilities that the custodian signed for that moment"
DOES_NOT_PROVE = (
    "that the custodian holds the assets, that nobody else has a right to them, that nothing is owed off its books,"
    " or anything about another moment"
)

_BETWEEN = {
    Kind.TWO_STATEMENTS_OF_ONE_SEQUENCE: "the custodian signed two statements under one sequence number",
    Kind.ACCOUNT_STANDS_TWICE: "one account stands in the tree twice",
    Kind.LEAVES_ARE_OUT_OF_ORDER: "leaves are not in the order of their accounts, so one may stand twice",
}


def verify(files: Sequence[str], custodian: str, as_json: bool) -> int:
    """Check each file, and all of them against each other; FAILED where a check fails.

    InputError for a file that cannot be read or that is no proof, with the field that is wrong.
    """
    expected = named_custodian(custodian)
    proofs = [read(file, inclusion_in) for file in files]
    refusals = [check_inclusion(proof, expected) for proof in proofs]
    for file, proof, refusal in zip(files, proofs, refusals, strict=True):
        if as_json:
            print_json(_fields(file, proof, refusal, expected))
        else:
            for line in _sentences(file, proof, refusal, expected):
                print_line(printable(line))
    sound = [place for place, refusal in enumerate(refusals) if refusal is None]
    between = contradictions([proofs[place] for place in sound])
    for found in between:
        _tell(found, [files[place] for place in sound], as_json)
    return FAILED if between or any(refusals) else DONE


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


def _fields(
    file: str, proof: Inclusion, refusal: InclusionRefusal | None, expected: Address | None
) -> dict[str, object]:
    signed, own = proof.liabilities, proof.leaf
    statement = signed.statement
    return {
        "file": file,
        "holds": refusal is None,
        "refusal": refusal,
        "meaning": MEANING[refusal] if refusal else None,
        "account": own.account,
        "asset": statement.asset,
        "scale": statement.scale,
        "units": str(own.units),
        "index": own.index,
        "total_units": str(statement.units),
        "accounts": statement.accounts,
        "as_of_s": statement.as_of_s,
        "sequence": statement.sequence,
        "journal": {"position": statement.journal_position, "digest": statement.journal_head.value.hex()},
        "root": str(statement.root),
        "digest": str(signed.digest()),
        "custodian": str(signed.custodian),
        "custodian_was_named": expected is not None,
        "proves": PROVES if refusal is None else None,
        "does_not_prove": DOES_NOT_PROVE,
    }


def _sentences(
    file: str, proof: Inclusion, refusal: InclusionRefusal | None, expected: Address | None
) -> Iterator[str]:
    statement = proof.liabilities.statement
    if refusal is not None:
        yield f"{file}: does not hold: {refusal}"
        yield f"  {MEANING[refusal]}"
        return
    own, total = (_amount(proof, units) for units in (proof.leaf.units, statement.units))
    yield f"{file}: holds"
    yield f"  {proof.leaf.account} is owed {own}: leaf {proof.leaf.index} of {statement.accounts} that make {total}"
    yield (
        f"  as of {date(statement.as_of_s)}; statement {statement.sequence};"
        f" journal head {statement.journal_position}:{statement.journal_head.value.hex()}"
    )
    whose = "as you named" if expected else "by the file's own word: compare it with what the custodian publishes"
    yield f"  signed by {proof.liabilities.custodian}, {whose}"
    yield f"  it shows that {PROVES}"
    yield f"  it does not show {DOES_NOT_PROVE}"


def _amount(proof: Inclusion, units: int) -> str:
    statement = proof.liabilities.statement
    try:
        return f"{Asset(statement.asset, statement.scale, statement.scale).format(units)} {statement.asset}"
    except MoneyError:  # a symbol or scale that our books do not know: the signed numbers still are what they are
        return f"{units} units (scale {statement.scale}) of {statement.asset}"


def _tell(found: Contradiction, files: Sequence[str], as_json: bool) -> None:
    pair = files[found.first], files[found.second]
    if as_json:
        print_json({"contradiction": found.kind, "files": pair, "meaning": _BETWEEN[found.kind]})
    else:
        print_line(printable(f"{pair[0]} and {pair[1]} contradict each other: {_BETWEEN[found.kind]}"))
