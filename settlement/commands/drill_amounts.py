"""Ledger units by client, out of a file that says what no ledger knows: gains, losses and what is owed."""

from collections.abc import Collection

from custody.money import MAX_UNITS
from settlement.commands.fields import InputError
from settlement.commands.json_file import object_in


def units_by_client(file: str, known: Collection[str], *, signed: bool = False) -> dict[str, int]:
    """In the file's order, for clients that are known to have collateral at the venue; InputError for anything else."""
    fields = object_in(file)
    units = {name: fields.units(name) for name in fields.values}
    for name, amount in units.items():
        if name not in known:
            raise InputError(f"{fields.place}: {name!a}: expected clients with collateral at the venue")
        if not -MAX_UNITS * signed <= amount <= MAX_UNITS:
            raise fields.unexpected(name, f"{'signed ' if signed else ''}ledger units in 64 bits", amount)
    return units
