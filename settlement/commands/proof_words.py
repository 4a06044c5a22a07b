"""What the check of a proof came to, in words and for programs; and what no such proof can show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from custody.double_inclusion import Contradiction, Kind
from custody.inclusion import Inclusion, InclusionRefusal
from custody.money import Asset, MoneyError
from settlement.commands.printing import date, print_json, print_line, printable

if TYPE_CHECKING:
    from settlement.commands.registry_asking import ChainsWord

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


@dataclass(frozen=True, slots=True)
class Checked:
    """A file's proof, why it does not hold by itself, None where it does; and what a chain said, if one was asked."""

    file: str
    proof: Inclusion
    refusal: InclusionRefusal | None
    custodian_was_named: bool
    on_chain: "ChainsWord | None"

    @property
    def holds(self) -> bool:
        """Whether nothing that was asked objects."""
        return self.refusal is None and (self.on_chain is None or self.on_chain.refusal is None)


def fields(checked: Checked) -> dict[str, object]:
    """A proof's check for programs."""
    refusal, word = checked.refusal, checked.on_chain
    signed, own = checked.proof.liabilities, checked.proof.leaf
    statement = signed.statement
    return {
        "file": checked.file,
        "holds": checked.holds,
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
        "custodian_was_named": checked.custodian_was_named,
        "on_chain": word.told() if word else None,
        "proves": PROVES if refusal is None else None,
        "does_not_prove": DOES_NOT_PROVE,
    }


def sentences(checked: Checked) -> Iterator[str]:
    """A proof's check for people."""
    file, proof, refusal = checked.file, checked.proof, checked.refusal
    statement = proof.liabilities.statement
    if refusal is not None:
        yield f"{file}: does not hold: {refusal}"
        yield f"  {MEANING[refusal]}"
        return
    own, total = (_amount(proof, units) for units in (proof.leaf.units, statement.units))
    yield f"{file}: holds{'' if checked.holds else ' by itself, and not on chain'}"
    yield f"  {proof.leaf.account} is owed {own}: leaf {proof.leaf.index} of {statement.accounts} that make {total}"
    yield (
        f"  as of {date(statement.as_of_s)}; statement {statement.sequence};"
        f" journal head {statement.journal_position}:{statement.journal_head.value.hex()}"
    )
    whose = (
        "as you named"
        if checked.custodian_was_named
        else "by the file's own word: compare it with what the custodian publishes"
    )
    yield f"  signed by {proof.liabilities.custodian}, {whose}"
    if checked.on_chain is not None:
        yield from _on_chain(checked.on_chain)
    yield f"  it shows that {PROVES}"
    yield f"  it does not show {DOES_NOT_PROVE}"


def _on_chain(word: "ChainsWord") -> Iterator[str]:
    where = f"registry {word.registry} on chain {word.chain_id}"
    if word.refusal is None:
        yield f"  {where} has this statement, and finds the leaf in it"
    else:
        yield f"  {where}: {word.refusal}"
        yield f"  {word.meaning}"


def _amount(proof: Inclusion, units: int) -> str:
    statement = proof.liabilities.statement
    try:
        return f"{Asset(statement.asset, statement.scale, statement.scale).format(units)} {statement.asset}"
    except MoneyError:  # a symbol or scale that our books do not know: the signed numbers still are what they are
        return f"{units} units (scale {statement.scale}) of {statement.asset}"


def tell(found: Contradiction, files: Sequence[str], as_json: bool) -> None:
    """Print what two of the files cannot both be."""
    pair = files[found.first], files[found.second]
    if as_json:
        print_json({"contradiction": found.kind, "files": pair, "meaning": _BETWEEN[found.kind]})
    else:
        print_line(printable(f"{pair[0]} and {pair[1]} contradict each other: {_BETWEEN[found.kind]}"))
