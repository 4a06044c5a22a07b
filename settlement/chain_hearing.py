"""What the chain says of cycles, read from its events anew at every look: whatever a reorganisation took is not there.

`heard` turns it into the next act on a cycle, `duty` says which transaction somebody has to send. What ends a cycle
without a payment counts only at depth: until then the books keep holding what the chain might still pay.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from eth_abi.abi import decode
from eth_utils.crypto import keccak

from settlement.cycle_record import CycleRecord, Said
from settlement.cycle_states import Act, Actor, State

Log = Mapping[str, Any]
"""As a node answers it."""


class Told(StrEnum):
    """The last that the chain says of a digest, by the events' signatures; NOTHING where it knows of none."""

    NOTHING = ""
    PROPOSED = "CycleProposed(address,uint64,bytes32,uint64)"
    DISPUTED = "CycleDisputed(address,uint64,bytes32,address)"
    EXPIRED = "CycleExpired(address,uint64,bytes32)"
    FINAL = "CycleFinal(address,uint64,bytes32)"


TOPICS = {"0x" + keccak(text=one).hex(): one for one in Told if one}
"""What to ask a node for."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the chain says of one digest, since which block, and when its dispute window ends (UTC seconds)."""

    told: Told = Told.NOTHING
    block: int = 0
    window_ends_s: int = 0


class Duty(StrEnum):
    """What somebody has to send for a cycle; anybody may, but DISPUTE only the custodian and the venue's signer."""

    NONE = "-"
    PROPOSE = "propose"
    FINALIZE = "finalize"
    EXPIRE = "expire"
    DISPUTE = "dispute"


def standings(logs: Iterable[Log]) -> dict[str, Standing]:
    """What a settlement book's logs, in order, come to: by digest, in hex without 0x."""
    found: dict[str, Standing] = {}
    for log in logs:
        told = TOPICS.get(log["topics"][0])
        if told is None:
            continue
        body, block = bytes.fromhex(log["data"][2:]), int(log["blockNumber"], 16)
        digest = body[:32].hex()
        known = found.get(digest, Standing())
        ends_s = int(decode(("bytes32", "uint64"), body)[1]) if told is Told.PROPOSED else known.window_ends_s
        found[digest] = Standing(told, block, ends_s)
    return found


def heard(cycle: CycleRecord, standing: Standing, head_block: int, depth: int) -> Said | None:
    """The next act on a cycle that the chain's word comes to; None where there is nothing new. Call until there is not.

    `head_block`: the latest; `depth`: how many blocks, its own included, an ending needs to count.
    """
    deep = head_block - standing.block + 1
    act = _ACTS.get((cycle.state, standing.told))
    if act is None or (act is Act.REORGANISE and not cycle.is_held):
        return None
    if act in (Act.DEEPEN, Act.DISPUTE, Act.EXPIRE) and deep < depth:
        return None
    ends_s = standing.window_ends_s if act is Act.MINE else 0
    return Said(act, Actor.CHAIN, f"block {standing.block}", cycle.digest, window_ends_s=ends_s,
                confirmations=deep if act is Act.DEEPEN else 0)  # fmt: skip


def duty(cycle: CycleRecord, standing: Standing, chain_now_s: int, grace_s: int) -> Duty:
    """What has to be sent for a cycle now, by chain time; `grace_s` is the settlement book's."""
    match cycle.state, standing.told:
        case State.AGREED, Told.NOTHING:
            return Duty.PROPOSE
        case ((State.WINDOW | State.LATE), Told.PROPOSED) if chain_now_s >= cycle.window_ends_s + grace_s:
            return Duty.EXPIRE
        case ((State.WINDOW | State.LATE), Told.PROPOSED) if chain_now_s >= cycle.window_ends_s:
            return Duty.FINALIZE
        case ((State.FAILED | State.DISPUTED | State.VOIDED), Told.PROPOSED):
            # Its signatures are public and somebody has used them, but here nothing is held for it any more.
            return Duty.DISPUTE
    return Duty.NONE


_UNSEEN = (State.AGREED, State.VOIDED)
_SEEN = (State.WINDOW, State.LATE)

_ACTS: Mapping[tuple[State, Told], Act] = {
    **{(state, told): Act.MINE for state in _UNSEEN for told in Told if told},
    **{(state, Told.NOTHING): Act.REORGANISE for state in _SEEN},
    **{(state, Told.DISPUTED): Act.DISPUTE for state in _SEEN},
    **{(state, Told.EXPIRED): Act.EXPIRE for state in _SEEN},
    **{(state, Told.FINAL): Act.FINALIZE for state in _SEEN},
    (State.FINAL, Told.FINAL): Act.DEEPEN,
    **{(State.FINAL, told): Act.REORGANISE for told in Told if told is not Told.FINAL},
}
