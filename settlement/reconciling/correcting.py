"""The transfers that take a difference into suspense, and out of it: derived from the break, so no amount is typed."""

import json
from collections.abc import Mapping
from typing import Any

from custody.accounts import Chart
from custody.transfers import Reason, Transfer, derived_id
from settlement.reconciling.breaks import Source
from settlement.reconciling.lifecycle import reference_of


def difference_units(facts: str) -> tuple[str, int] | None:
    """The account whose balance differs, and what has to be added to it (ledger units) until it is what is stated.

    `facts`: a break's, as JSON. The chain's word is the one that the books are brought to, the venue's where no chain
    was asked. None where no account of the ledger differs, or by no whole units: there is nothing to move.
    """
    told: Mapping[str, Any] = json.loads(facts)
    step, said = int(told.get("step", 0)), {source: int(amount) for source, amount in told["said"].items()}
    other = said.get(Source.CHAIN, said.get(Source.VENUE))
    if not step or Source.LEDGER not in said or other is None:
        return None
    units, rest = divmod(other - said[Source.LEDGER], step)
    return None if rest or not units else (told["place"], units)


def setting_aside(break_id: str, facts: str, at_s: int) -> Transfer | None:
    """The transfer that brings the account to what is stated, against suspense; None where nothing can be moved."""
    found = difference_units(facts)
    return None if found is None else _moved(break_id, "suspense", *found, at_s)


def taking_out(break_id: str, account: str, left_units: int, at_s: int) -> Transfer | None:
    """The transfer that gives an account what stands in suspense for a break (ledger units, negative if owed)."""
    return _moved(break_id, "cleared", account, left_units, at_s) if left_units else None


def _moved(break_id: str, step: str, account: str, units: int, at_s: int) -> Transfer:
    suspense = Chart(account.partition("/")[0]).suspense().id
    debit, credit = (suspense, account) if units > 0 else (account, suspense)
    return Transfer(
        derived_id(break_id, step), debit, credit, abs(units), Reason.CORRECTION,
        reference=reference_of(break_id), occurred_at_s=at_s,
    )  # fmt: skip
