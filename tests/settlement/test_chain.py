"""A node that refuses, reverts, dies, or was never one: each is a ChainError whose text says which and why."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from settlement import node as node_module
from settlement.chain import Call, Chain
from settlement.contracts import ALL, TOKEN, Contracts
from settlement.devnet import Anvil
from settlement.keys import signer_of
from settlement.node import ChainError, Node

GONE_S = 5


@contextmanager
def answering(body: str, kind: str = "application/json", status: int = 200) -> Iterator[str]:
    """An HTTP server that gives the same answer to everything; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing: the test reads what the client says."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


# -- transactions ------------------------------------------------------------------------------------------------------


@pytest.fixture
def token(contracts: Contracts) -> str:
    """A claim token that the sender may mint by itself."""
    chain, me = contracts.chain, contracts.chain.sender.address
    created = chain.send("", TOKEN.creation(6, "claim", "C"), "deployment").contract
    chain.send(created, TOKEN.call("initialize", me, me), "deployment")
    return created


def test_a_revert_is_a_sentence_with_both_numbers(contracts: Contracts, token: str) -> None:
    call = TOKEN.call("guardMint", contracts.vault, 5, 77)
    with pytest.raises(ChainError) as told:
        contracts.chain.send(token, call, "claims minted")
    assert str(told.value) == "claims minted: supply mismatch (actualSupply 0, estimatedSupply 77)"


def test_a_stranger_is_refused_by_role(node: Node, contracts: Contracts) -> None:
    stranger = signer_of("stranger")
    node.rpc("anvil_setBalance", stranger.address, hex(10**20))
    with pytest.raises(ChainError, match=f"access control unauthorized account .account {stranger.address.lower()}"):
        Chain(node, stranger, ALL).send(contracts.tokens["USDC"], TOKEN.call("mint", stranger.address, 1), "mint")


def test_an_error_of_an_unknown_contract_is_shown_in_hex(node: Node, contracts: Contracts, token: str) -> None:
    uninformed = Chain(node, contracts.chain.sender, [])
    with pytest.raises(ChainError, match=r"claims minted: reverted with 0x[0-9a-f]{136}$"):
        uninformed.send(token, TOKEN.call("guardMint", contracts.vault, 5, 77), "claims minted")


def test_the_nonce_survives_a_reverted_transaction(node: Node, contracts: Contracts, token: str) -> None:
    sender = contracts.chain
    sent = int(node.rpc("eth_getTransactionCount", sender.sender.address, "latest"), 16)
    for _ in range(2):
        with pytest.raises(ChainError, match="supply mismatch"):
            sender.send(token, TOKEN.call("guardMint", contracts.vault, 5, 77), "claims minted")
    before = sender.transactions
    receipt = sender.send(token, TOKEN.call("guardMint", contracts.vault, 5, 0), "claims minted")

    assert int(node.rpc("eth_getTransactionCount", sender.sender.address, "latest"), 16) == sent + 3
    assert sender.read(TOKEN, token, "totalSupply") == 5
    assert sender.transactions == before + 1, "only what succeeded is counted"
    assert sender.gas_used["claims minted"] == receipt.gas_used


def test_the_nonce_survives_a_transaction_that_the_node_refuses(node: Node, contracts: Contracts) -> None:
    poor = Chain(node, signer_of("poor"), ALL)
    with pytest.raises(ChainError, match="mint: Insufficient funds"):
        poor.send(contracts.tokens["USDC"], TOKEN.call("mint", contracts.vault, 1), "mint")
    node.rpc("anvil_setBalance", poor.sender.address, hex(10**20))
    assert poor.send(contracts.chain.sender.address, b"", "greeting").gas_used > 21_000 - 1


def mint(token: str, amount: int, believed: int) -> Call:
    return Call(token, TOKEN.call("guardMint", signer_of("holder").address, amount, believed), "claims minted")


def test_several_sent_together_share_a_block_in_their_order(contracts: Contracts, token: str) -> None:
    first, second = contracts.chain.send_together([mint(token, 5, 0), mint(token, 7, 5)])
    assert first.block == second.block
    assert contracts.chain.read(TOKEN, token, "totalSupply") == 12
    assert contracts.chain.send_together([]) == [], "and no block is made for nothing"
    assert contracts.chain.send_together([mint(token, 1, 12)])[0].block == first.block + 1, "one goes alone"


def test_one_that_reverts_among_several_is_told_and_the_nonce_goes_on(contracts: Contracts, token: str) -> None:
    with pytest.raises(ChainError, match=r"claims minted: supply mismatch \(actualSupply 5, estimatedSupply 77\)"):
        contracts.chain.send_together([mint(token, 5, 0), mint(token, 7, 77)])
    contracts.chain.send_together([mint(token, 5, 5), mint(token, 5, 10)])
    assert contracts.chain.read(TOKEN, token, "totalSupply") == 15


def test_one_that_the_node_refuses_among_several_leaves_it_mining(node: Node, contracts: Contracts, token: str) -> None:
    poor = Chain(node, signer_of("poor"), ALL)
    with pytest.raises(ChainError, match="Insufficient funds"):
        poor.send_together([mint(token, 5, 0), mint(token, 5, 5)])
    assert contracts.chain.send_together([mint(token, 5, 0)])


def test_more_than_one_block_holds_is_sent_all_the_same(contracts: Contracts) -> None:
    creations = [Call("", TOKEN.creation(6, "claim", "C"), "deployment")] * 30
    receipts = contracts.chain.send_together(creations)
    assert len({receipt.contract for receipt in receipts}) == 30
    assert sum(receipt.gas_used for receipt in receipts) > 30_000_000, "or one block would have held them"


def test_a_view_that_reverts_is_explained(contracts: Contracts) -> None:
    with pytest.raises(ChainError) as told:
        contracts.chain.read(ALL[2], contracts.positions, "positionsOf", [contracts.vault], [1, 2])
    assert str(told.value) == "PositionBook.positionsOf: length mismatch (accounts 1, instruments 2)"


def test_blocks_follow_the_given_time_a_second_apart_however_long_we_take(node: Node, contracts: Contracts) -> None:
    """Anvil left alone adds the wall clock's seconds, and every later block hash with them."""
    at_s = int(node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 1_000
    node.move_to(at_s)
    greet(contracts)
    time.sleep(1.1)
    greet(contracts)
    times = [node.rpc("eth_getBlockByNumber", hex(node.block_number() - back), False)["timestamp"] for back in (1, 0)]
    assert [int(found, 16) for found in times] == [at_s, at_s + 1]


def greet(contracts: Contracts) -> None:
    contracts.chain.send(contracts.chain.sender.address, b"", "greeting")


# -- a node that is gone, or is none -----------------------------------------------------------------------------------


def test_a_killed_node_is_said_to_have_stopped_with_its_last_words(anvil: Anvil, node: Node) -> None:
    os.kill(anvil.pid, signal.SIGKILL)
    until = time.monotonic() + GONE_S
    while anvil.is_running() and time.monotonic() < until:
        time.sleep(0.01)
    with pytest.raises(ChainError, match=r"the node stopped by itself: .*Listening on 127\.0\.0\.1"):
        node.block_number()


def test_a_node_that_hangs_is_not_waited_for_without_end(anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that dies while it owes an answer is said to have died, not to be slow."""
    monkeypatch.setattr(node_module, "TIMEOUT_S", 1)
    with Node.of_anvil(anvil) as impatient:
        os.kill(anvil.pid, signal.SIGSTOP)
        while Path(f"/proc/{anvil.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            time.sleep(0.01)  # its threads stop one by one
        with pytest.raises(ChainError, match="no JSON-RPC answer from anvil to eth_blockNumber: Timeout"):
            impatient.block_number()
        killing = threading.Timer(0.2, os.kill, (anvil.pid, signal.SIGKILL))
        killing.start()
        with pytest.raises(ChainError, match="the node stopped by itself"):
            impatient.block_number()
        killing.join()


def test_a_closed_connection_can_be_closed_again(node: Node) -> None:
    node.close()
    node.close()


def nobody_listens() -> str:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return f"http://127.0.0.1:{server.server_port}"


def test_nothing_at_the_url_is_said() -> None:
    url = nobody_listens()
    with pytest.raises(ChainError, match=f"no JSON-RPC answer from {url} to eth_chainId: .*refused"):
        Node.at_url(url)


WRONG_ANSWERS = {
    "a page": ("<html>Welcome</html>", "no JSON-RPC answer from URL to eth_chainId: JSONDecodeError"),
    "nothing": ("", "no JSON-RPC answer from URL to eth_chainId"),
    "bytes": ("\x00\x01", "no JSON-RPC answer from URL to eth_chainId"),
    "a list": ("[1, 2]", r"URL answers eth_chainId, but not in JSON-RPC: \[1, 2\]"),
    "a number": ("7", "URL answers eth_chainId, but not in JSON-RPC: 7"),
    "null": ("null", "URL answers eth_chainId, but not in JSON-RPC: None"),
    "other JSON": ('{"status": "ok"}', "URL answers eth_chainId, but not in JSON-RPC: {'status': 'ok'}"),
    "an error of text": ('{"error": "no"}', "URL answers eth_chainId, but not in JSON-RPC"),
    "text beside a result": ('{"result": "0x1", "error": "no"}', "URL answers eth_chainId, but not in JSON-RPC"),
    "an error": ('{"id": 0, "error": {"code": -32601, "message": "no such method"}}',
                 "URL refused eth_chainId: no such method"),
    "an error without words": ('{"error": {"code": 7}}', "URL refused eth_chainId: {'code': 7}"),
    "an error of the first JSON-RPC": ('{"result": null, "error": {"message": "no"}}', "URL refused eth_chainId: no"),
    "no chain id": ('{"result": null}', "URL gives None as its chain id: is this an Ethereum node?"),
    "a chain id of text": ('{"result": "main"}', "URL gives 'main' as its chain id: is this an Ethereum node?"),
    "a chain id of an int": ('{"result": 5}', "URL gives 5 as its chain id: is this an Ethereum node?"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "told"), WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
def test_a_server_that_is_no_node_is_told_apart(body: str, told: str) -> None:
    with answering(body) as url, pytest.raises(ChainError, match=told.replace("URL", url)):
        Node.at_url(url)


@pytest.mark.parametrize("status", [404, 500, 503])
def test_an_http_error_is_no_answer(status: int) -> None:
    with answering("<html>", "text/html", status) as url, pytest.raises(ChainError, match=f"{url}.*{status}"):
        Node.at_url(url)


def test_a_null_error_beside_a_result_is_an_answer() -> None:
    with answering('{"id": 0, "result": "0x7", "error": null}') as url, Node.at_url(url) as node:
        assert node.chain_id == 7


def test_a_node_reached_by_url_is_the_same_node(anvil: Anvil, node: Node) -> None:
    with Node.at_url(anvil.url) as again:
        assert again.chain_id == node.chain_id == 31337
        assert again.client().startswith("anvil/")
        with pytest.raises(ChainError, match=f"{anvil.url} refused eth_nonsense: "):
            again.rpc("eth_nonsense")


def test_a_request_with_text_that_json_cannot_hold_is_our_fault(node: Node) -> None:
    with pytest.raises(TypeError):
        node.rpc("eth_getBalance", object())


def test_an_error_of_the_node_is_passed_on_whole(node: Node) -> None:
    assert {"error", "id"} <= node.answer("eth_nonsense", ()).keys()
