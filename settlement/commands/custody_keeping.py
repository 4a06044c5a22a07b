"""`bulkhead custody liens`, `lien set`, `lien lift`, `halt`, `resume`: what keeps collateral where it is."""

from collections.abc import Iterator
from pathlib import Path

from custody.liens import Place
from custody.movements import Block
from custody.register import Register
from settlement.commands.custody_setting import CustodySetting, custodian_at, register_at, setting_in
from settlement.commands.fields import InputError
from settlement.commands.printing import Row, print_rows
from settlement.commands.running import DONE

LIEN = ("reason", "party", "venue", "asset", "units", "recorded_at_s")
REASONS = tuple(reason for reason in Block if reason is not Block.VENUE_HALTED)
"""What a lien can be for; a venue is halted as a whole."""


def listed(place: str, party: str, venue: str, as_json: bool) -> int:
    """List liens by compartment, then halted venues."""
    with register_at(place) as register:
        rows = list(_rows(register, party, venue))
    print_rows(LIEN, rows, amounts=("units",), times=LIEN[-1:], as_json=as_json)
    return DONE


def keep(place: str, file: Path, where: Place, reason: str, units: int, now_s: int, as_json: bool) -> int:
    """Put a lien on a compartment, or lift it with 0 units. InputError for what the setting does not know."""
    if reason not in REASONS:
        raise InputError(f"REASON: expected one of {', '.join(REASONS)}, found {reason!a}")
    _require_known(setting_in(file), *where)
    with custodian_at(place, file) as (_, custodian):
        custodian.keep(where, Block(reason), units, now_s)
    return listed(place, where[0], where[1], as_json)


def halt(place: str, file: Path, venue: str, halted: bool, now_s: int, as_json: bool) -> int:
    """Let a venue take nothing, or take again. InputError for a venue that the setting does not know."""
    _require_venue(setting_in(file), venue, "VENUE")
    with custodian_at(place, file) as (_, custodian):
        custodian.halt(venue, halted, now_s)
    with register_at(place) as register:
        rows = list(_halted(register, ""))
    print_rows(LIEN, rows, amounts=("units",), times=LIEN[-1:], as_json=as_json)
    return DONE


def _rows(register: Register, party: str, venue: str) -> Iterator[Row]:
    for lien in register.liens(party, venue):
        yield {
            "reason": lien.reason.value,
            "party": lien.party,
            "venue": lien.venue,
            "asset": lien.asset,
            "units": lien.units,
            "recorded_at_s": lien.recorded_at_s,
        }
    if not party:
        yield from _halted(register, venue)


def _halted(register: Register, venue: str) -> Iterator[Row]:
    for halt in register.halts():
        if venue in ("", halt.venue):
            nothing = {"party": "", "asset": "", "units": 0}
            yield {
                "reason": Block.VENUE_HALTED.value,
                **nothing,
                "venue": halt.venue,
                "recorded_at_s": halt.recorded_at_s,
            }


def _require_known(setting: CustodySetting, party: str, venue: str, asset: str) -> None:
    role, _, name = party.partition("/")
    if role not in {"client", "venue"} or not name:
        raise InputError(f"--party: expected client/NAME or venue/NAME, found {party!a}")
    _require_venue(setting, venue, "--venue")
    symbols = [kept.symbol for kept in setting.assets]
    if asset not in symbols:
        raise InputError(f"--asset: expected one of {', '.join(symbols)}, found {asset!a}")


def _require_venue(setting: CustodySetting, venue: str, option: str) -> None:
    if venue not in setting.venues:
        raise InputError(f"{option}: expected one of {', '.join(setting.venues)}, found {venue!a}")
