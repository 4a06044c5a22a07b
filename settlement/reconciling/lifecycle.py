"""What becomes of a break, as a table: opened → investigated → in_suspense → cleared, or explained; nothing is edited.

Suspense is left by correcting, linked transfers alone: a break in suspense cannot be explained away. One that a later
reconciliation does not find any more is still closed by somebody, who says why.
"""

from enum import StrEnum

from settlement.reconciling.breaks import Break, BreakType


class BreakState(StrEnum):
    """Where a break stands; the last two are for good."""

    OPENED = "opened"
    INVESTIGATED = "investigated"
    IN_SUSPENSE = "in_suspense"
    CLEARED = "cleared"
    EXPLAINED = "explained"

    @property
    def is_closed(self) -> bool:
        """Whether nothing more can happen to it."""
        return self in (BreakState.CLEARED, BreakState.EXPLAINED)


class BreakAct(StrEnum):
    """What somebody does about a break."""

    INVESTIGATE = "investigate"
    SUSPEND = "suspend"
    CLEAR = "clear"
    EXPLAIN = "explain"


class BreakRefusal(StrEnum):
    """Why an act is not done; where several hold, the earlier member is the answer."""

    BREAK_NOT_FOUND = "break_not_found"
    BREAK_IS_CLOSED = "break_is_closed"
    ACT_NOT_POSSIBLE_HERE = "act_not_possible_here"
    ACTOR_IS_MISSING = "actor_is_missing"
    REASON_IS_MISSING = "reason_is_missing"
    TRANSFERS_ARE_MISSING = "transfers_are_missing"
    TRANSFERS_ARE_NONE_OF_SUSPENSE = "transfers_are_none_of_suspense"
    DIFFERENCE_REMAINS = "difference_remains"
    SUSPENSE_IS_NOT_EMPTY = "suspense_is_not_empty"
    LEDGER_REFUSES = "ledger_refuses"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same words may be taken later."""
        return self in (BreakRefusal.BREAK_NOT_FOUND, BreakRefusal.LEDGER_REFUSES)


TABLE: dict[tuple[BreakState, BreakAct], BreakState] = {
    (BreakState.OPENED, BreakAct.INVESTIGATE): BreakState.INVESTIGATED,
    (BreakState.OPENED, BreakAct.EXPLAIN): BreakState.EXPLAINED,
    (BreakState.INVESTIGATED, BreakAct.SUSPEND): BreakState.IN_SUSPENSE,
    (BreakState.INVESTIGATED, BreakAct.EXPLAIN): BreakState.EXPLAINED,
    (BreakState.IN_SUSPENSE, BreakAct.CLEAR): BreakState.CLEARED,
}
HOUR_S = 3_600
DEADLINES_S: dict[BreakType, int] = {
    BreakType.UNKNOWN_ACCOUNT: 4 * HOUR_S,
    BreakType.MISSING: 4 * HOUR_S,
    BreakType.DUPLICATE: 4 * HOUR_S,
    BreakType.STATUS: 4 * HOUR_S,
    BreakType.SIDE: 4 * HOUR_S,
    BreakType.AMOUNT: 4 * HOUR_S,
    BreakType.PRICE: 24 * HOUR_S,
    BreakType.MARK: 24 * HOUR_S,
    BreakType.TIMING: 24 * HOUR_S,
    BreakType.ROUNDING: 7 * 24 * HOUR_S,
}
"""How long a break may be open: what moves money by the next cycle of the usual four hours, what only values it within
a day, dust within a week. Ours; no rule book gives one.
"""
MOVES = frozenset({BreakAct.SUSPEND, BreakAct.CLEAR})
"""The acts that come with transfers, which name the break in their reference."""


def reference_of(break_id: str) -> str:
    """What transfers about a break carry: whoever reads the journal finds the reason."""
    return f"break:{break_id}"


def refusal(state: BreakState | None, act: BreakAct, who: str, reason: str, transfers: int) -> BreakRefusal | None:
    """Why an act with so many transfers is refused, before the ledger is asked; None if it is possible."""
    if state is None:
        return BreakRefusal.BREAK_NOT_FOUND
    if state.is_closed:
        return BreakRefusal.BREAK_IS_CLOSED
    if (state, act) not in TABLE:
        return BreakRefusal.ACT_NOT_POSSIBLE_HERE
    if not who:
        return BreakRefusal.ACTOR_IS_MISSING
    if not reason:
        return BreakRefusal.REASON_IS_MISSING
    return BreakRefusal.TRANSFERS_ARE_MISSING if act in MOVES and not transfers else None


def facts_of(found: Break) -> dict[str, object]:
    """A break for programs: what listeners are told; amounts are texts."""
    return {
        "type": found.type,
        "what": found.what,
        "place": found.place,
        "owner": found.owner,
        "said": {source: str(amount) for source, amount in found.said.items()},
        "first": found.first,
        "effect_e6": str(found.effect_e6),
        "step": str(found.step),
    }
