"""A client on an anvil of its own: directly, or through a proxy that fails it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from scripts.faults.faulty_node import FaultyNode
from settlement.contracts import ALL, POSITIONS, TOKEN, Contracts
from settlement.devnet import Anvil
from settlement.engine.chain_client import ChainClient
from settlement.engine.expected import Expected
from settlement.engine.fees import FeePolicy
from settlement.keys import signer_of
from settlement.receipts import Call

CHAIN_ID = 31337
GAS = 200_000
"""Enough for any call here: with it, nothing is estimated."""
POLICY = FeePolicy.fixed(10**12, 1)
POLL_S = 0.005

Opening = Callable[..., AbstractAsyncContextManager[ChainClient]]


@pytest.fixture
def token(contracts: Contracts) -> str:
    """A claim token that the operator may mint by itself."""
    me = contracts.chain.sender.address
    created = contracts.chain.send("", TOKEN.creation(6, "claim", "C"), "deployment").contract
    contracts.chain.send(created, TOKEN.call("initialize", me, me), "deployment")
    return created


@pytest.fixture
def expect(contracts: Contracts, token: str) -> Expected:
    return Expected(CHAIN_ID, {token: TOKEN, contracts.positions: POSITIONS})


@pytest.fixture
def opening(anvil: Anvil, expect: Expected) -> Opening:
    """A client of the operator's, on the anvil unless another node is given."""

    def opened(node: str | Anvil = anvil, **options: object) -> AbstractAsyncContextManager[ChainClient]:
        chosen = {"policy": POLICY, "depth": 1, "expect": expect, "poll_s": POLL_S, **options}
        return ChainClient.open(node, signer_of("operator"), ALL, **chosen)

    return opened


@pytest.fixture
async def chain(opening: Opening) -> AsyncIterator[ChainClient]:
    async with opening() as opened:
        yield opened


@pytest.fixture
async def proxy(anvil: Anvil) -> AsyncIterator[FaultyNode]:
    async with FaultyNode(anvil.url) as faulty:
        yield faulty


def mint(token: str, amount: int, believed: int) -> Call:
    """Mint to the holder, believing a supply: it happens once at most."""
    return Call(token, TOKEN.call("guardMint", signer_of("holder").address, amount, believed), "claims minted")
