"""Nothing is written to a node before it has shown that it is the one expected."""

from settlement.engine.chain_errors import NodeLostStateError, WrongNodeError
from settlement.engine.endpoint import Endpoint
from settlement.engine.expected import Expected, mismatch


async def require(endpoint: Endpoint, expect: Expected) -> None:
    """Raises WrongNodeError, that names what is not as expected; ChainError if the node is none."""
    chain_id = await endpoint.rpc("eth_chainId")
    try:
        number = int(chain_id, 16)
    except (TypeError, ValueError):
        raise WrongNodeError(f"{endpoint.name} gives {chain_id!r} as its chain id: is this an Ethereum node?") from None
    if number != expect.chain_id:
        raise WrongNodeError(f"{endpoint.name} is on chain {number}, not on {expect.chain_id}")
    codes = await endpoint.results([("eth_getCode", (address, "latest")) for address in expect.code])
    for (address, artifact), code in zip(expect.code.items(), codes, strict=True):
        if why := mismatch(bytes.fromhex(code[2:]), artifact):
            raise WrongNodeError(f"{address} on {endpoint.name} {why}")


async def require_still(endpoint: Endpoint, expect: Expected) -> None:
    """The same, of a node that was as expected before. Raises NodeLostStateError."""
    try:
        await require(endpoint, expect)
    except WrongNodeError as why:
        raise NodeLostStateError(f"{endpoint.name} has lost its state: {why}") from why
