"""A published tree of a few owners, for the tests of what is published: statements, proofs, files."""

from collections.abc import Mapping
from dataclasses import replace

from custody.inclusion import Inclusion, Liabilities, SignedLiabilities
from custody.owed import Owed, Register
from custody.publications import GENESIS, Where
from custody.signatures import Address, Hash
from custody.signers import LocalSigner

CUSTODIAN, IMPOSTOR = (LocalSigner.for_demonstration(role) for role in ("custodian", "impostor"))
WHERE = Where(31_337, Address("0x" + 40 * "0"))
SEED = bytes(range(32))
OWED = {
    "client/treasury": 1_250_000_000,
    "client/hedger": 75,
    "client/fund": 75,
    "client/closed": 0,
    "venue/harbour": 40_000_000,
    "insurance/harbour": 9,
    "fees": 3,
}
AS_OF_S = 1_770_336_000


def register(units: Mapping[str, int] = OWED, seed: bytes = SEED) -> Register:
    return Register(Owed("USDC", units), seed, 1)


def statement(of: Register) -> Liabilities:
    root = of.tree.root
    head = Hash(bytes([9]) * 32)
    return Liabilities("USDC", 6, Hash(root.hash), root.units, of.tree.count, 345, head, AS_OF_S, 1, GENESIS)


def signed(of: Register, signer: LocalSigner = CUSTODIAN, **changes: object) -> SignedLiabilities:
    """What this signer signs about the tree, with some of it changed before it is signed."""
    return SignedLiabilities.by(signer, replace(statement(of), **changes), WHERE)


def proof(owner: str, due: Mapping[str, int] = OWED, **changes: object) -> Inclusion:
    """The owner's proof; `changes` are made to the statement before the custodian signs it."""
    of = register(due)
    return of.proof(owner, signed(of, **changes))
