"""`bulkhead prove`: its options. The work is imported when it is run, so that help comes at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from settlement.commands.key_choice import NOT_CHOSEN, Chosen
from settlement.commands.options import At, Json, Ledger, Position

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
    key: Chosen
    chain_id: int
    contract: str


PROVE = App(name="prove", version_flags=())


@PROVE.default
def prove(
    *,
    database: Ledger,
    asset: str,
    out: Path,
    scale: Annotated[Position | None, Parameter()] = None,
    seed_file: Path | None = None,
    previous: Path | None = None,
    key: Chosen = NOT_CHOSEN,
    chain_id: Position = DEVNET,
    contract: str = NO_CONTRACT,
    at: At = None,
    json: Json = False,
) -> int:
    """Publish what is owed of one asset: a signed root over all liabilities, and a proof of inclusion for every owner.

    Without a key of the custodian's, one signs that everybody knows: for demonstrations only.

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
    chain_id
        The chain on which the signature is to be good.
    contract
        The contract on that chain that is to check it.
    json
        Print one JSON object.
    """
    from settlement.commands.key_opening import with_key
    from settlement.commands.proof_writing import publish
    from settlement.commands.running import now_s

    at_s = now_s() if at is None else at
    asked = Asked(database, asset, scale, out, seed_file, previous, key, chain_id, contract)
    return with_key("prove", lambda: publish(asked, at_s, json))


@PROVE.command
def registry(
    *,
    custodian: str,
    asset: str,
    rpc_url: str,
    scale: Annotated[Position | None, Parameter()] = None,
    chain_id: Position = DEVNET,
    key: Chosen = NOT_CHOSEN,
    json: Json = False,
) -> int:
    """Put a registry on a chain, which takes a custodian's statements about one asset, and print its address.

    Then `bulkhead prove --contract` signs for it and `bulkhead prove publish` sends there. Each call makes another one.

    Parameters
    ----------
    custodian
        The address whose signatures it takes.
    asset
        The asset's symbol.
    rpc_url
        A node of the chain.
    scale
        Decimal places of a ledger unit; known for USDC, USDT, BTC, ETH.
    chain_id
        The chain; a node of another is not used.
    json
        Print one JSON line.
    """
    from settlement.commands import registry_deploying
    from settlement.commands.key_opening import with_key
    from settlement.commands.node_opening import with_node

    asked = registry_deploying.Asked(custodian, asset, scale, chain_id, rpc_url, key)

    def work() -> int:
        return registry_deploying.deploy(asked, json)

    return with_key("prove registry", lambda: with_node("prove registry", rpc_url, work))


@PROVE.command(name="publish")
def publish_on_chain(
    statement: Path, *, registry: str, rpc_url: str, key: Chosen = NOT_CHOSEN, json: Json = False
) -> int:
    """Send a signed statement of liabilities to the registry on chain that it was signed for; once, however often.

    Chain, contract, custodian and order are checked before the key is asked; whose key it is does not matter, it pays.

    Parameters
    ----------
    statement
        The folder that `bulkhead prove` wrote, or its liabilities.json.
    registry
        The registry's address.
    rpc_url
        A node of the chain that the statement was signed for.
    json
        Print one JSON line.
    """
    from settlement.commands import statement_publishing
    from settlement.commands.key_opening import with_key
    from settlement.commands.node_opening import with_node

    asked = statement_publishing.Asked(statement, registry, rpc_url, key)

    def work() -> int:
        return statement_publishing.publish_on_chain(asked, json)

    return with_key("prove publish", lambda: with_node("prove publish", rpc_url, work))
