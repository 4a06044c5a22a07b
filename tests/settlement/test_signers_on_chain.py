"""Whichever signer: the chain takes its transactions, and its signature of typed data."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from custody.hardware import HardwareToken
from custody.keystores import write_keystore
from custody.signers import LocalSigner, Signer
from scripts.softhsm import missing, soft_token
from settlement.chain import Chain
from settlement.contracts import Contracts
from settlement.node import Node
from tests.settlement.sole_minter import PLENTY


@pytest.fixture(params=["memory", "keystore", "token"])
def signer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Signer]:
    if request.param == "token":
        if why := missing():
            pytest.skip(why)
        with soft_token(tmp_path) as soft, HardwareToken(soft.library, soft.label, soft.pin) as token:
            yield token.make_key("hot")
    elif request.param == "keystore":
        yield write_keystore(tmp_path / "key.json", b"\x07" * 32, "password", scrypt_rounds=2**10)
    else:
        yield LocalSigner.for_demonstration("anyone")


def test_it_sends_transactions(node: Node, signer: Signer) -> None:
    node.rpc("anvil_setBalance", signer.address, hex(10**20))
    chain = Chain(node, signer, ())
    for _ in range(8):  # both parities, and from a token both halves of the curve
        chain.send(LocalSigner.for_demonstration("other").address, b"", "greeting")
    assert int(node.rpc("eth_getTransactionCount", signer.address, "latest"), 16) == 8


def test_it_releases_its_compartment(contracts: Contracts, signer: Signer) -> None:
    """EIP-712 on chain: what the vault demands of a holder."""
    (asset, *_), venue = contracts.plan.assets, contracts.plan.venues["harbour"].address
    contracts.credit(asset, signer.address, venue, 1000, PLENTY)
    contracts.release(asset, signer, venue, 400, deadline_s=2_000_000_000)
    assert contracts.compartment(asset, signer.address, venue) == 600
