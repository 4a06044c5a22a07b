"""The compartments of one venue at one settlement cycle as a tree: any client's proof of being covered follows from it.

A cycle in which somebody is not covered has no tree: the custodian cannot publish it, and says who lacks how much.
"""

from collections.abc import Sequence

from custody.covering import Compartment, Covering, Format, SignedCompartments
from custody.inclusion import Sibling
from custody.liabilities import keys_of, salts_of
from custody.signatures import Hash
from custody.sum_tree import Entry, account_key, grow, path_in


class CompartmentsError(ValueError):
    """A cycle that cannot be published: a compartment that is not covered, or that stands twice, or none at all."""


class CycleTree:
    """The compartments of one venue at one cycle, in the order of their clients' keys: any client's proof follows."""

    def __init__(self, compartments: Sequence[Compartment], seed: bytes) -> None:
        """CompartmentsError where one is not covered, stands twice, is another venue's or cycle's, or there is none.

        LiabilitiesError for a seed of less than 32 bytes. Salts are as in `custody.liabilities`, one set a cycle.
        """
        self.compartments = sorted(compartments, key=lambda one: account_key(one.client))
        self.venue, self.cycle = _one_settlement(self.compartments)
        keys = keys_of([one.client for one in self.compartments])
        salts = salts_of(seed, f"compartments/{self.venue}", self.cycle, keys)
        self._salts = [salt.tobytes() for salt in salts]
        self._levels = grow([one.entry(salt) for one, salt in zip(self.compartments, self._salts, strict=True)])

    @property
    def root(self) -> Entry:
        """The hash over all compartments, and the sum of what the venue mirrors."""
        return self._levels[-1][0]

    def proof(self, client: str, signed: SignedCompartments) -> Covering:
        """The client's proof under the signed root; KeyError for a client without a compartment here."""
        places = {one.client: place for place, one in enumerate(self.compartments)}
        index = places[client]
        path = tuple(Sibling(Hash(entry.hash), entry.units) for entry in path_in(self._levels, index))
        return Covering(Format.COMPARTMENT_1, self.compartments[index], Hash(self._salts[index]), index, path, signed)


def _one_settlement(compartments: Sequence[Compartment]) -> tuple[str, int]:
    settlements = {(one.venue, one.cycle) for one in compartments}
    if len(settlements) != 1:
        raise CompartmentsError(f"expected the compartments of one venue at one cycle, found {len(settlements)}")
    clients = [one.client for one in compartments]
    if len(set(clients)) < len(clients):
        twice = next(client for client in clients if clients.count(client) > 1)
        raise CompartmentsError(f"{twice} has two compartments at one venue")
    for one in compartments:
        if not one.is_covered:
            short = one.mirrored_units - one.collateral_units
            raise CompartmentsError(f"{one.client} at {one.venue} lacks {short} (1e-6 USD) in cycle {one.cycle}")
    return settlements.pop()
