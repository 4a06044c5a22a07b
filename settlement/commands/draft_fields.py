"""Options become the fields of an instruction, in the plain form. Which it takes is read off its own kind.

So a kind that gets a field more asks for its option by itself.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from custody.amounts import Amount
from custody.instructions import Instruction
from custody.money import MoneyError
from custody.shapes import FieldError, shape_of
from custody.strict_json import parse_json
from settlement.commands.custody_drafting import Content
from settlement.commands.custody_setting import CustodySetting, text_of
from settlement.commands.fields import InputError, chosen

_KEY = re.compile(r"([a-z0-9]+):(\S+)")


def option(field: str) -> str:
    """The option that a field is given in."""
    return f"--{field.removesuffix('_s').replace('_', '-')}"


def fields_of(kind: type[Instruction], party: str, content: Content, setting: CustodySetting | None) -> dict[str, Any]:
    """The fields that are the kind's own; InputError for one too few, too many, or that the setting does not serve."""
    given = _given(kind, content)
    for name in given.keys() & {"venue", "from_venue", "to_venue"}:
        chosen(option(name), given[name], setting.venues if setting else (given[name],))
    if setting and "asset" in given:
        chosen("--asset", given["asset"], [kept.symbol for kept in setting.assets])
    told = {name: str(value) for name, value in given.items()}
    if "amount" in given:
        told["amount"] = _amount(given["amount"], setting)
    return {**told, **_parts(party, given)}


def _given(kind: type[Instruction], content: Content) -> Mapping[str, Any]:
    """What was given, once it is known to be what the kind takes, in the order of its fields."""
    own = [name for name in shape_of(kind).kinds if name not in {"party", *kind.LAST}]
    given = {field.name: getattr(content, field.name) for field in fields(Content)}
    given = {name: value for name, value in given.items() if value not in {None, "", ()}}
    takes = ", ".join(map(option, own))
    for name in own:
        if name not in given:
            raise InputError(f"{option(name)}: expected this option, found none; {kind.operation} takes {takes}")
    for name in given:
        if name not in own:
            raise InputError(f"{option(name)}: does not belong to {kind.operation}, which takes {takes}")
    return {name: given[name] for name in own}


def _parts(party: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have fields of their own."""
    parts: dict[str, Any] = {}
    if "new_key" in given:
        parts["new_key"] = _key("--new-key", given["new_key"])
    if "keys" in given:
        parts["keys"] = [_holding(party, text) for text in given["keys"]]
    if "policy" in given:
        parts["policy"] = _policy(given["policy"])
    return parts


def _amount(text: str, setting: CustodySetting | None) -> str:
    """With as many places as the custodian's ledger has; as it was written, where that is not known."""
    number, _, symbol = text.partition(" ")
    if setting is None or not symbol:
        return text
    asset = setting.asset(chosen("--amount", symbol, [kept.symbol for kept in setting.assets]))
    try:
        return str(Amount(asset.parse(number), symbol, asset.scale))
    except (MoneyError, FieldError) as why:
        raise InputError(f"--amount: {why}") from why


def _key(place: str, text: str) -> dict[str, str]:
    found = _KEY.fullmatch(text)
    if found is None:
        raise InputError(f"{place}: expected KIND:VALUE, such as account:0x…, found {text[:80]!a}")
    return {"kind": found[1], "value": found[2]}


def _holding(party: str, text: str) -> dict[str, Any]:
    signer, equals, key = text.partition("=")
    if not equals:
        raise InputError(f"--keys: expected SIGNER=KIND:VALUE, such as treasurer=account:0x…, found {text[:80]!a}")
    return {"party": party, "signer": signer, "key": _key("--keys", key)}


def _policy(file: Path) -> Any:
    try:
        return parse_json(text_of(file))
    except (InputError, FieldError) as why:
        raise InputError(f"--policy: {why}") from why
