"""Every party's key and address by role, for demonstrations and tests: the same on every machine."""

from functools import cache

from custody.signers import LocalSigner
from settlement.mirror import FUND, HOUSE
from settlement.postings import OMNIBUS


@cache
def signer_of(role: str) -> LocalSigner:
    """The demonstration key of a role such as `custodian` or `client/treasury`."""
    return LocalSigner.for_demonstration(role)


def role_of(party: str, venue: str) -> str:
    """The role that holds a party's compartment at a venue: the venue itself, its fund, its omnibus, or a client."""
    special = {HOUSE: f"venue/{venue}", FUND: f"fund/{venue}", OMNIBUS: f"omnibus/{venue}"}
    return special.get(party, f"client/{party}")


def holder_of(party: str, venue: str) -> LocalSigner:
    """The key that owns a party's compartment at a venue."""
    return signer_of(role_of(party, venue))
