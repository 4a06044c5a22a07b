"""`bulkhead custody draft`: its options. The work is imported when it is run, so that help comes at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from settlement.commands.options import At, Json, Position, Time

A_DAY_S = 86_400


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the instruction is to be good: as a custodian's setting says, or by chain and contract."""

    setting: Path | None = None
    """The custodian's setting; venues, assets and places of an amount are then checked by it."""
    chain_id: Annotated[Position, Parameter(name="--chain-id")] = 0
    """Without --setting: the chain on which the signatures are to be good."""
    contract: str = ""
    """Without --setting: the contract that they are meant for."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What instructions say, by the names of their fields; each kind takes some of them, and says which."""

    venue: str = ""
    """To which venue, or from which: of delegate and recall."""
    from_venue: str = ""
    """Of move: the venue that the assets leave."""
    to_venue: str = ""
    """Of move: the venue that they go to."""
    amount: str = ""
    """Of delegate, recall, move and withdraw: such as "2500.5 USDC"; without --setting, with all places."""
    destination: str = ""
    """Where assets may go: of withdraw, allow_destination and remove_destination."""
    asset: str = ""
    """The asset that may go there: of allow_destination and remove_destination."""
    signer: str = ""
    """Of add_key: the person or machine that the key speaks for."""
    new_key: str = ""
    """Of add_key and rotate_key: account:ADDRESS, contract:ADDRESS or ed25519:PUBLIC-KEY."""
    old_key: str = ""
    """Of rotate_key and revoke_key: the key's address or public key."""
    overlap_ends_at_s: Annotated[Time, Parameter(name="--overlap-ends-at")] = None
    """Of rotate_key: until when the old key speaks beside the new one, UTC seconds or ISO 8601."""
    keys: Annotated[tuple[str, ...], Parameter(consume_multiple=False, negative="")] = ()
    """Of admit, once for every key: SIGNER=KIND:VALUE, such as treasurer=account:0x…"""
    policy: Path | None = None
    """Of admit and change_policy: a JSON file with groups, rules and notice_s, as admissions of a setting have them."""


NOTHING, NOWHERE = Content(), Place()


def draft(
    kind: str,
    *,
    party: str,
    name: Annotated[str, Parameter(name="--id")],
    place: Place = NOWHERE,
    content: Content = NOTHING,
    nonce: Annotated[Position | None, Parameter()] = None,
    valid_from: Time = 0,
    expires_at: Time = None,
    out: Path | None = None,
    at: At = None,
    json: Json = False,
) -> int:
    """Write an instruction that nobody has signed yet, for `bulkhead sign`; the first thing missing or wrong is named.

    Parameters
    ----------
    kind
        delegate, recall, move, withdraw, allow_destination, remove_destination, change_policy, add_key, rotate_key,
        revoke_key or admit.
    party
        Whose assets, rules or keys it is about: custodian, client/NAME or venue/NAME.
    name
        The instruction's id, of your choice: the same again is the same instruction.
    nonce
        A number that the party has not used yet; drawn, if left out.
    valid_from
        From when on it is good, UTC seconds or ISO 8601.
    expires_at
        Until before when it is good; a day from now, if left out.
    out
        The file to write, which must not be there yet; without it, it is printed.
    json
        With --out: print one JSON line.
    """
    import os

    from settlement.commands.instruction_draft import Asked, write
    from settlement.commands.running import answered, now_s

    at_s = now_s() if at is None else at
    number = int.from_bytes(os.urandom(8)) >> 1 if nonce is None else nonce
    ends_s = at_s + A_DAY_S if expires_at is None else expires_at
    asked = Asked(kind, party, name, number, valid_from or 0, ends_s, place, content, out)
    return answered("draft", lambda: write(asked, at_s, json), group="custody")
