"""What the mirror is measured against: the node alone with the same calldata, and a client as one writes it first."""

import json
import time
from collections.abc import Sequence

from eth_account import Account
from eth_utils.crypto import keccak

from scripts.bench.mirror_world import GENESIS_S, World
from settlement.abi import ARTIFACTS
from settlement.batch import GENESIS, Change, Mark, MirrorBatch
from settlement.chain import MAX_FEE_WEI, TIP_WEI
from settlement.engine.mirror_chain import mirror_call
from settlement.keys import signer_of
from settlement.transaction import Transaction

POLL_S = 0.001
"""web3.py looks for a receipt every tenth of a second unless told otherwise; it is told, or it would be slower yet."""
HOUSE = "0x" + "11" * 20


def same_calldata(place: World, batches: Sequence[MirrorBatch], gas_limit: int) -> float:
    """Seconds from the first batch sent to the last one mined; signing and encoding are done before."""
    node, operator = place.node, signer_of("operator")
    nonce = int(node.rpc("eth_getTransactionCount", operator.address, "latest"), 16)
    signed = []
    for number, batch in enumerate(batches, nonce):
        call = mirror_call(place.contracts.positions, batch)
        made = Transaction(node.chain_id, number, TIP_WEI, MAX_FEE_WEI, gas_limit, call.to, call.data)
        signed.append("0x" + made.signed(operator.sign_digest(made.digest())).hex())
    started_s = time.perf_counter()
    hashes = [node.rpc("eth_sendRawTransaction", raw) for raw in signed]
    while (receipt := node.rpc("eth_getTransactionReceipt", hashes[-1])) is None:
        time.sleep(POLL_S)
    took_s = time.perf_counter() - started_s
    if int(receipt["status"], 16) != 1:
        raise RuntimeError("the bench's batches were refused on another node")
    return took_s


def one_by_one(place: World, positions: int) -> float:
    """Seconds that web3.py takes for so many positions of as many clients, each against the house."""
    from web3 import HTTPProvider, Web3

    abi = json.loads((ARTIFACTS / "PositionBook.json").read_text())["abi"]
    web3 = Web3(HTTPProvider(place.url))
    book = web3.eth.contract(address=Web3.to_checksum_address(place.contracts.positions), abi=abi)
    key = Account.from_key(keccak(text="bulkhead demonstration key, worth nothing: operator"))
    previous, batches = GENESIS, []
    for number in range(1, positions + 1):
        client = "0x" + keccak(number.to_bytes(4, "big"))[:20].hex()
        changes = {(1, client): Change(number, -number), (1, HOUSE): Change(-number, number)}
        batches.append(MirrorBatch.of(number, previous, GENESIS_S, {1: Mark(60_000_000_000)}, changes))
        previous = batches[-1].digest()
    started_s = time.perf_counter()
    for batch in batches:
        built = book.functions.mirror(*batch.arguments()).build_transaction(
            {"from": key.address, "nonce": web3.eth.get_transaction_count(key.address)}
        )
        sent = web3.eth.send_raw_transaction(key.sign_transaction(built).raw_transaction)
        if web3.eth.wait_for_transaction_receipt(sent, poll_latency=POLL_S)["status"] != 1:
            raise RuntimeError("the plain client's transaction was refused")
    return time.perf_counter() - started_s
