"""`bulkhead custody draft`: an instruction out of options, before anybody has signed it."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from custody.instructions import INSTRUCTIONS, Instruction
from custody.policies import Operation
from custody.shapes import FieldError, shaped
from custody.signatures import Address
from custody.signed import SignedInstruction
from custody.typed_data import DOMAIN_NAME, Domain
from settlement.commands.custody_drafting import Content, Place
from settlement.commands.custody_setting import CustodySetting, setting_in
from settlement.commands.draft_fields import fields_of, option
from settlement.commands.fields import InputError, chosen
from settlement.commands.instruction_words import shown
from settlement.commands.printing import print_json, print_line
from settlement.commands.running import DONE, FAILED
from settlement.commands.whole_file import fault_in_making


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be instructed, where it is to be good, and where the draft goes. Times are UTC seconds."""

    kind: str
    party: str
    id: str
    nonce: int
    valid_from_s: int
    expires_at_s: int
    place: Place
    content: Content
    out: Path | None


def write(asked: Asked, now_s: int, as_json: bool) -> int:
    """Write or print the draft; InputError names the option that is missing or wrong. FAILED where none is kept."""
    signed = _drafted(asked, now_s)
    sys.stderr.writelines(f"{line}\n" for line in shown(signed))
    if asked.out is None:
        print_line(signed.to_json())
        return DONE
    if fault := fault_in_making(asked.out, signed.to_json()):
        sys.stderr.write(f"custody draft: {asked.out}: {fault}; nothing was written\n")
        return FAILED
    if as_json:
        print_json({"out": str(asked.out), "id": asked.id, "digest": f"0x{signed.digest().hex()}"})
    return DONE


def _drafted(asked: Asked, now_s: int) -> SignedInstruction:
    kind = INSTRUCTIONS[Operation(chosen("KIND", asked.kind.replace("-", "_"), Operation))]
    domain, setting = _place(asked.place)
    if asked.expires_at_s <= max(now_s, asked.valid_from_s):
        raise InputError(f"--expires-at: expected a time after --valid-from and after now, {now_s}")
    common = {name: str(getattr(asked, name)) for name in ("party", *kind.LAST)}
    try:
        instruction: Instruction = shaped(kind, common | fields_of(kind, asked.party, asked.content, setting))
    except FieldError as why:
        raise _by_option(why) from why
    return SignedInstruction(domain, instruction)


def _place(place: Place) -> tuple[Domain, CustodySetting | None]:
    """Where it is to be good, and what the custodian keeps, if that is known."""
    if (place.setting is None) == (not place.chain_id and not place.contract):
        raise InputError("expected where it is to be good, by --setting or by --chain-id and --contract")
    if place.setting is not None:
        setting = setting_in(place.setting)
        return setting.domain, setting
    if not place.chain_id:
        raise InputError("--chain-id: expected this option beside --contract, found none")
    try:
        return Domain(DOMAIN_NAME, place.chain_id, Address.parse(place.contract).value), None
    except FieldError as why:
        raise InputError(f"--contract: {why}") from why


def _by_option(why: FieldError) -> InputError:
    """What is wrong with a field, by the option that it was given in."""
    field = "".join(re.findall(r"\A\w+", why.path))
    inside = why.path.removeprefix(field).removeprefix(".")
    return InputError(f"{option(field)}: {f'{inside}: ' if inside else ''}{why.why}")
