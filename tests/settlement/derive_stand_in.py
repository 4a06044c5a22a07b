"""Stand-ins for a venue's sub-accounts and its wrapper, compiled and put on a chain: for the tests of the adapter."""

import json
from pathlib import Path

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from scripts import contracts
from settlement.chain import Chain
from settlement.derive_adapter import DeriveVenue
from tests.settlement.reconciling.ground import USDC

SOURCE = "test/derive/SubAccountsStandIn.sol"


def compiled(folder: Path) -> dict[str, bytes]:
    """The creation code of both, built in a folder."""
    options = ("--out", str(folder), "--cache-path", str(folder / "cache"))
    contracts.forge("build", SOURCE, *options, quiet=True)
    return {file.stem: _code(file) for file in (folder / "SubAccountsStandIn.sol").glob("*.json")}


def _code(file: Path) -> bytes:
    return bytes.fromhex(json.loads(file.read_text())["bytecode"]["object"].removeprefix("0x"))


def venue_on(chain: Chain, code: dict[str, bytes], token: str) -> DeriveVenue:
    """Both, with the chain's sender as the manager."""
    sub_accounts = chain.send("", code["SubAccountsStandIn"], "sub-accounts").contract
    arguments = encode(("address", "address"), (sub_accounts, token))
    wrapper = chain.send("", code["ListedWrapperStandIn"] + arguments, "wrapper").contract
    return DeriveVenue(sub_accounts, wrapper, token, USDC)


def opened(chain: Chain, venue: DeriveVenue, owner: str) -> int:
    """A new sub-account of an owner, listed on the wrapper."""
    create = keccak(text="createAccount(address,address)")[:4] + encode(("address", "address"), (owner, owner))
    chain.send(venue.sub_accounts, create, "sub-account")
    asked = {"to": venue.sub_accounts, "data": "0x" + keccak(text="lastAccountId()")[:4].hex()}
    number = int(chain.node.rpc("eth_call", asked, "latest"), 16)
    chain.send(venue.wrapper, keccak(text="list(uint256)")[:4] + number.to_bytes(32), "listing")
    return number
