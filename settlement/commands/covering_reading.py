"""`bulkhead verify compartment`: whether a client's collateral covered its mirrored balance, in words."""

from custody.covering import Covering, CoveringRefusal, check_covering, covering_in
from custody.inclusion import InclusionRefusal
from custody.money import Asset
from settlement.commands.printing import date, print_json, print_line, printable
from settlement.commands.proof_reading import named_custodian, read
from settlement.commands.proof_words import MEANING
from settlement.commands.running import DONE, FAILED

USD = Asset("USD", 6, 6)
"""What both amounts are valued in."""

_MEANING = {
    CoveringRefusal.VENUE_IS_ANOTHER: "the leaf speaks of another venue than the statement",
    CoveringRefusal.CYCLE_IS_ANOTHER: "the leaf speaks of another settlement cycle than the statement",
    CoveringRefusal.COMPARTMENT_IS_NOT_COVERED: "the mirrored balance is more than the collateral after haircuts",
}
DOES_NOT_PROVE = "that the collateral was priced rightly, or anything about another settlement"


def verify(file: str, custodian: str, as_json: bool) -> int:
    """Check one file; FAILED where a check fails, InputError where it cannot be read."""
    expected, proof = named_custodian(custodian), read(file, covering_in)
    refusal = check_covering(proof, expected)
    if as_json:
        print_json({"file": file, **_fields(proof, refusal), "custodian_was_named": expected is not None})
    elif refusal is not None:
        print_line(printable(f"{file}: does not hold: {refusal}"))
        print_line(f"  {_words(refusal)}")
    else:
        _say(file, proof)
    return DONE if refusal is None else FAILED


def _words(refusal: InclusionRefusal | CoveringRefusal) -> str:
    return MEANING[refusal] if isinstance(refusal, InclusionRefusal) else _MEANING[refusal]


def _fields(proof: Covering, refusal: InclusionRefusal | CoveringRefusal | None) -> dict[str, object]:
    own, signed = proof.compartment, proof.compartments
    return {
        "holds": refusal is None,
        "refusal": refusal,
        "meaning": None if refusal is None else _words(refusal),
        "client": own.client,
        "venue": own.venue,
        "cycle": own.cycle,
        "asset": USD.symbol,
        "scale": USD.scale,
        "collateral_units": str(own.collateral_units),
        "mirrored_units": str(own.mirrored_units),
        "as_of_s": signed.statement.as_of_s,
        "root": str(signed.statement.root),
        "digest": str(signed.digest()),
        "custodian": str(signed.custodian),
        "does_not_prove": DOES_NOT_PROVE,
    }


def _say(file: str, proof: Covering) -> None:
    own, signed = proof.compartment, proof.compartments
    collateral, mirrored = (f"{USD.format(units)} USD" for units in (own.collateral_units, own.mirrored_units))
    print_line(printable(f"{file}: holds"))
    print_line(printable(f"  {own.client} at {own.venue}, cycle {own.cycle}: collateral {collateral} after haircuts,"))
    print_line(f"  mirrored balance {mirrored}, as of {date(signed.statement.as_of_s)}, signed by {signed.custodian}")
    print_line(f"  it does not show {DOES_NOT_PROVE}")
