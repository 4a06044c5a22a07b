"""`bulkhead verify attestation`: whether the custodian's word on its reserves counts, and covers what is owed."""

from dataclasses import dataclass

from custody.inclusion import SignedLiabilities
from custody.publications import OrderRefusal
from custody.reserves import CoverRefusal, SignedAttestation, admit_attestation, check_cover
from custody.shapes import shaped
from custody.signatures import Address, SignatureRefusal
from custody.strict_json import parse_json
from settlement.commands.printing import date, print_json, print_line, printable
from settlement.commands.proof_reading import named_custodian, read
from settlement.commands.running import DONE, FAILED

DOES_NOT_PROVE = "that the assets are there: it is the custodian's word, for whoever holds it to that word"


@dataclass(frozen=True, slots=True)
class Asked:
    """The files that are held against each other, "" where there is none, and what is demanded of them."""

    file: str
    previous: str
    liabilities: str
    custodian: str
    longest_age_s: int


def verify(asked: Asked, now_s: int, as_json: bool) -> int:
    """Check one attestation; FAILED where a check fails, InputError where a file cannot be read."""
    signed = read(asked.file, _attestation_in)
    custodian = named_custodian(asked.custodian) or signed.custodian
    owed = read(asked.liabilities, _liabilities_in) if asked.liabilities else None
    refusal = _refusal(asked, signed, custodian, now_s) or _uncovered(signed, owed, custodian)
    if as_json:
        print_json({**_fields(asked, signed, owed), "holds": refusal is None, "refusal": refusal})
    elif refusal is not None:
        print_line(printable(f"{asked.file}: does not hold: {refusal}"))
    else:
        _say(asked.file, signed, owed)
    return DONE if refusal is None else FAILED


def _fields(asked: Asked, signed: SignedAttestation, owed: SignedLiabilities | None) -> dict[str, object]:
    held = signed.statement
    return {
        "file": asked.file,
        "asset": held.asset,
        "scale": held.scale,
        "units": str(held.units),
        "owed_units": None if owed is None else str(owed.statement.units),
        "as_of_s": held.as_of_s,
        "sequence": held.sequence,
        "digest": str(signed.digest()),
        "custodian": str(signed.custodian),
        "custodian_was_named": bool(asked.custodian),
        "does_not_prove": DOES_NOT_PROVE,
    }


def _say(file: str, signed: SignedAttestation, owed: SignedLiabilities | None) -> None:
    held = signed.statement
    print_line(printable(f"{file}: holds"))
    print_line(printable(f"  {held.units} units of {held.asset} (scale {held.scale}) are held,"))
    print_line(f"  as of {date(held.as_of_s)}; attestation {held.sequence}, signed by {signed.custodian}")
    if owed is not None:
        print_line(f"  {owed.statement.units} units are owed at the same position of the journal: covered")
    print_line(f"  it does not show {DOES_NOT_PROVE}")


def _refusal(
    asked: Asked, signed: SignedAttestation, custodian: Address, now_s: int
) -> SignatureRefusal | OrderRefusal | None:
    before = read(asked.previous, _attestation_in) if asked.previous else None
    # What it follows is the custodian's word too, or anybody could hand out a chain that ends in this.
    broken = None if before is None else before.check(custodian)
    last = None if before is None else before.statement
    return broken or admit_attestation(last, signed, custodian, now_s, asked.longest_age_s)


def _uncovered(
    signed: SignedAttestation, owed: SignedLiabilities | None, custodian: Address
) -> SignatureRefusal | CoverRefusal | None:
    if owed is None:
        return None
    return owed.check(custodian) or check_cover(signed.statement, owed.statement)


def _attestation_in(text: str) -> SignedAttestation:
    found: SignedAttestation = shaped(SignedAttestation, parse_json(text))
    return found


def _liabilities_in(text: str) -> SignedLiabilities:
    found: SignedLiabilities = shaped(SignedLiabilities, parse_json(text))
    return found
