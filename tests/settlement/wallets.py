"""A wallet contract that signs by its owners' keys, compiled and put on a chain: for the tests of what asks it."""

import json
from pathlib import Path

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from custody.signers import LocalSigner
from scripts import contracts
from settlement.chain import Chain
from settlement.node import Node

OWNERS = sorted((LocalSigner.for_demonstration(f"owner {n}") for n in range(3)), key=lambda one: int(one.address, 16))


def compiled(folder: Path) -> bytes:
    """The creation code of contracts/test/QuorumWallet.sol, built in a folder."""
    options = ("--out", str(folder), "--cache-path", str(folder / "cache"))
    contracts.forge("build", "test/QuorumWallet.sol", *options, quiet=True)
    built = json.loads((folder / "QuorumWallet.sol" / "QuorumWallet.json").read_text())
    return bytes.fromhex(built["bytecode"]["object"].removeprefix("0x"))


def wallet_on(chain: Chain, code: bytes) -> str:
    """The address of a new wallet, for which two of three owners sign."""
    arguments = encode(("address[]", "uint256"), ([owner.address for owner in OWNERS], 2))
    return chain.send("", code + arguments, "wallet").contract


def signature_of(digest: bytes, owners: tuple[int, ...] = (0, 1)) -> bytes:
    """What owners sign for their wallet."""
    return b"".join(OWNERS[number].sign_digest(digest) for number in owners)


def remove_owner(node: Node, wallet: str) -> None:
    """The first owner leaves: what it signed for the wallet counts no more."""
    remove = keccak(text="remove(address)")[:4] + encode(("address",), (OWNERS[0].address,))
    Chain(node, OWNERS[1], ()).send(wallet, remove, "removal")
