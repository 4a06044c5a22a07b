"""`bulkhead prove`: its options. The work is imported when it is run, so that help comes at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from settlement.commands.options import Json, Ledger, Position

NO_CONTRACT = "0x0000000000000000000000000000000000000000"
DEVNET = 31_337


@dataclass(frozen=True, slots=True)
class Asked:
    """What a publication is made from, where it goes, and whose key signs it."""

    place: str
    asset: str
    scale: int | None
    out: Path
    seed_file: Path | None
    previous: Path | None
    keystore: Path | None
    password_file: Path | None
    chain_id: int
    contract: str


def prove(
    *,
    database: Ledger,
    asset: str,
    out: Path,
    scale: Annotated[Position | None, Parameter()] = None,
    seed_file: Path | None = None,
    previous: Path | None = None,
    keystore: Path | None = None,
    password_file: Path | None = None,
    chain_id: Position = DEVNET,
    contract: str = NO_CONTRACT,
    json: Json = False,
) -> int:
    """Publish what is owed of one asset: a signed root over all liabilities, and a proof of inclusion for every owner.

    Parameters
    ----------
    asset
        The asset's symbol, as it begins the ids of its accounts.
    out
        A folder: liabilities.json and attestation.json, and proofs/ with a file per owner, for that owner only.
    scale
        Decimal places of a ledger unit; known for USDC, USDT, BTC, ETH.
    seed_file
        A secret of 32 bytes or more, from which salts follow; without it they are drawn, and only the proofs have them.
    previous
        The folder of the publication that this one follows; without it, this is the first.
    keystore
        The custodian's V3 keystore. Without it a key signs that everybody knows: for demonstrations only.
    password_file
        A file whose first line is the keystore's password.
    chain_id
        The chain on which the signature is to be good.
    contract
        The contract on that chain that is to check it.
    json
        Print one JSON object.
    """
    from settlement.commands.proof_writing import publish
    from settlement.commands.running import answered, now_s

    asked = Asked(database, asset, scale, out, seed_file, previous, keystore, password_file, chain_id, contract)
    return answered("prove", lambda: publish(asked, now_s(), json), group="")
