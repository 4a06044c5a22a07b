"""`bulkhead actions verify`: every case encoded, hashed and signed anew, and held against what it expects."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eth_utils.exceptions import ValidationError

from custody.curve import address_of, flaw, recover_plainly
from custody.shapes import FieldError
from custody.signers import LocalSigner
from custody.strict_json import parse_json
from settlement.commands.fields import InputError
from settlement.commands.printing import print_json, print_line, printable
from settlement.commands.running import DONE, FAILED
from settlement.venues.case_fields import CaseError, Place
from settlement.venues.derive_actions import ActionError, same
from settlement.venues.derive_cases import encoded, enveloped, sub_id

_MOST_BYTES = 1 << 24


def verify(file: str, as_json: bool) -> int:
    """FAILED where a case differs from what it expects or cannot be written; InputError for what is no case at all."""
    failed = False
    for number, document in enumerate(_cases(file)):
        case = Place(document, f"cases[{number}]")
        found = checked(case)
        failed |= bool(found.get("error") or found["differs"])
        if as_json:
            print_json(found)
        else:
            _say(found)
    return FAILED if failed else DONE


def checked(case: Place) -> dict[str, Any]:
    """A case's bytes and hashes, and the fields in which they differ from what it expects."""
    told: dict[str, Any] = {"name": case.value.get("name", case.path), "module": case.value.get("module")}
    try:
        found = sub_id(case) if told["module"] == "subid" else _written(case)
        expected = case.below("expected").value if "expected" in case.value else {}
        if not isinstance(expected, Mapping):
            raise CaseError(f"{case.path}.expected is an object")
    except (CaseError, ActionError) as why:
        return {**told, "differs": [], "error": str(why)}
    return {**told, **found, "differs": [name for name in expected if not _agree(expected[name], found.get(name))]}


def _written(case: Place) -> dict[str, object]:
    found: dict[str, object] = {"encoded_data": f"0x{encoded(case).hex()}"}
    envelope = enveloped(case)
    if envelope is None:
        return found
    digest = envelope.action.digest(envelope.separator)
    found |= {"action_hash": f"0x{envelope.action.hash().hex()}", "typed_data_hash": f"0x{digest.hex()}"}
    signature = _signature(case, digest)
    if signature is not None:
        key = None if flaw(signature) else recover_plainly(digest, signature)
        found["signature"] = f"0x{signature.hex()}"
        found["recovered_signer"] = address_of(key) if key else None
        expected = Place(case.value.get("expected", {}), case.path)
        if "recovered_signer" not in expected.value and not (key and same(address_of(key), envelope.action.signer)):
            raise CaseError(f"{case.path}: the signature is not the signer's")
    return found


def _signature(case: Place, digest: bytes) -> bytes | None:
    """Made with the case's key, or else the one that it brings."""
    if "private_key" in case.value:
        try:
            return LocalSigner(case.bytes("private_key", 32)).sign_digest(digest)
        except ValidationError:
            raise CaseError(f"{case.path}.private_key is no key of the curve") from None
    expected = Place(case.value.get("expected", {}), f"{case.path}.expected")
    return expected.bytes("signature", 65) if "signature" in expected.value else None


def _agree(expected: object, found: object) -> bool:
    """Hex in any case is the same; anything else is compared as it is written."""
    if isinstance(expected, str) and isinstance(found, str) and expected[:2].lower() == "0x":
        return expected.lower() == found.lower()
    return type(expected) is type(found) and expected == found


def _cases(file: str) -> list[dict[str, Any]]:
    try:
        raw = sys.stdin.buffer.read(_MOST_BYTES + 1) if file == "-" else Path(file).read_bytes()
        # Numbers with a point stay texts: an amount must not become a binary float.
        document = parse_json(raw.decode(), most_characters=_MOST_BYTES, parse_float=str)
    except (OSError, FieldError, ValueError) as why:
        raise InputError(f"{file}: expected JSON, found {why}") from why
    cases = document.get("cases", [document]) if isinstance(document, dict) else document
    if not isinstance(cases, list) or not cases or not all(isinstance(case, dict) for case in cases):
        raise InputError(f"{file}: expected an object with cases, or one case")
    return cases


def _say(found: Mapping[str, Any]) -> None:
    differs = found["differs"]
    verdict = found.get("error") or (f"differs in {', '.join(differs)}" if differs else "holds")
    print_line(printable(f"{found['name']}: {verdict}"))
    for name in ("encoded_data", "action_hash", "typed_data_hash", "signature", "recovered_signer", "sub_id"):
        if found.get(name):
            print_line(f"  {name.replace('_', ' ')}: {found[name]}")
