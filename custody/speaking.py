"""Who may say what: every act is one actor's to tell, and for each movement that actor is one party by its name.

Somebody else's word is refused before anything about the movement is looked at: a stranger neither carries it on nor
learns how it stands.
"""

from collections.abc import Mapping

from custody.intents import Intent
from custody.lifecycles import MACHINES
from custody.movements import Refused, Said
from custody.parties import CUSTODIAN
from custody.refusals import MovementRefusal
from custody.states import Act, Actor, Lifecycle

CHAIN = "chain"
"""Who tells what was read from a chain: the custodian's own watcher, not the custodian's desk."""

ACTORS: Mapping[Act, Actor] = {row.act: row.actor for rows in MACHINES.values() for row in rows}
"""Whose an act is: the same in every table."""


def speaker(intent: Intent, act: Act) -> str | None:
    """The party whose word an act is; None where no word is enough: signatures approve, and time passes by itself."""
    match ACTORS[act]:
        case Actor.OWNER:
            return intent.party
        case Actor.CUSTODIAN:
            return CUSTODIAN
        case Actor.CHAIN:
            return CHAIN
        case Actor.VENUE:
            # Of a move the first venue lets go, the second takes or does not.
            enters = intent.lifecycle is Lifecycle.MOVE and act is not Act.RELEASE
            return f"venue/{intent.to_venue if enters else intent.venue}"
        case Actor.SIGNERS | Actor.CLOCK:
            return None


def not_theirs(intent: Intent, said: Said) -> Refused | None:
    """The refusal of an act that is not its speaker's to tell; None where it is."""
    expected = speaker(intent, said.act)
    if expected is not None and said.by == expected:
        return None
    whose = f"{expected}'s" if expected else "nobody's"
    return Refused(MovementRefusal.IS_NOT_THE_SPEAKERS_TO_SAY, f"{said.act} is {whose}")
