"""`bulkhead prove publish` and `verify proof --registry`, on a real chain: once, in order, and where it belongs."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from custody.books import Books
from custody.database import open_database
from custody.keystores import write_keystore
from custody.signatures import Address
from custody.signers import LocalSigner
from custody.transfers import Reason, Transfer
from settlement.chain import Chain
from settlement.cli import main
from settlement.commands.registry_asking import MEANING, Nobody, RegistryRefusal
from settlement.devnet import Anvil
from settlement.keys import signer_of
from settlement.liability_registry import REGISTRY, LiabilityRegistry
from settlement.node import Node
from tests.settlement.ledger_day import ACCOUNTS, DONE, FAILED, FUND, USAGE, VAULT, Ran

FUTURE_S = 2_500_000_000
"""The chain's time, which all statements are behind."""
CUSTODIAN = LocalSigner.for_demonstration("custodian")
NOWHERE = "http://127.0.0.1:1/v3/a-secret"
Words = tuple[object, ...]
PAYER: Words = ("--demonstration", "operator")


@dataclass
class World:
    """A ledger, a chain, and a registry on it for the custodian's USDC."""

    folder: Path
    node: Node
    url: str
    registry: LiabilityRegistry
    capture: pytest.CaptureFixture[str]
    proved: int = 0

    def run(self, *words: object) -> Ran:
        self.capture.readouterr()
        return Ran(main(list(map(str, words))), *self.capture.readouterr())

    def prove(self, name: str, *more: object, contract: str = "") -> Path:
        """A publication signed for the registry."""
        out = self.folder / name
        self.proved += 1
        books = ("--database", self.folder / "ledger.sqlite", "--asset", "USDC", "--at", FUTURE_S - 100 + self.proved)
        ran = self.run("prove", *books, "--contract", contract or self.registry.address, "--out", out, *more)
        assert ran.status == DONE, ran.complained
        return out

    def publish(self, out: Path, *more: object, registry: str = "", url: str = "", key: Words = PAYER) -> Ran:
        at = ("--registry", registry or self.registry.address, "--rpc-url", url or self.url)
        return self.run("prove", "publish", out, *at, *key, *more)

    def verify(self, *files: Path, more: Words = ("--json",), registry: str = "", url: str = "") -> Ran:
        at = ("--registry", registry or self.registry.address, "--rpc-url", url or self.url)
        return self.run("verify", "proof", *files, *at, *more)

    def sent(self) -> int:
        """How many transactions the payer has sent."""
        return int(self.node.rpc("eth_getTransactionCount", signer_of("operator").address, "latest"), 16)


@pytest.fixture(scope="module")
def chain() -> Iterator[tuple[Anvil, Chain]]:
    with Anvil(genesis_s=FUTURE_S) as anvil, Node.of_anvil(anvil) as node:
        node.rpc("anvil_setBalance", signer_of("operator").address, hex(10**24))
        yield anvil, Chain(node, signer_of("operator"), (REGISTRY,))


def registry_for(chain: Chain, custodian: str = CUSTODIAN.address) -> LiabilityRegistry:
    return LiabilityRegistry.deployed(Chain(chain.node, chain.sender, (REGISTRY,)), Address(custodian), "USDC", 6)


@pytest.fixture
def world(chain: tuple[Anvil, Chain], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    with closing(open_database(tmp_path / "ledger.sqlite")) as database:
        books = Books(database)
        books.open_accounts(ACCOUNTS)
        assert all(one.ok for one in books.post([Transfer("d", VAULT, FUND, 100, Reason.DEPOSIT)], 100))
    return World(tmp_path, chain[1].node, chain[0].url, registry_for(chain[1]), capsys)


def test_it_is_published_once_and_found_again(world: World) -> None:
    first = world.prove("first")
    before = world.sent()
    ran = world.publish(first, "--json")
    (told,) = ran.lines
    assert (ran.status, told["sequence"], told["repeated"]) == (DONE, 1, False)
    assert (told["registry"], told["chain_id"], told["sender"]) == (
        world.registry.address, 31_337, signer_of("operator").address,
    )  # fmt: skip
    stands = world.registry.published(1)
    assert str(stands) == told["digest"]
    assert world.node.rpc("eth_getTransactionReceipt", told["transaction"])["status"] == "0x1"
    again = world.publish(first / "liabilities.json", "--json").lines[0]
    assert (again["repeated"], again["digest"], again["transaction"]) == (True, told["digest"], None)
    assert world.sent() == before + 1
    second = world.prove("second", "--previous", first)
    said = world.publish(second).said
    assert f"published on registry {world.registry.address} on chain 31337 in block " in said
    assert world.publish(second).said.endswith(" on chain 31337 already; nothing was sent\n")


def test_all_of_it_goes_by_command(world: World) -> None:
    """From a chain without a registry to a proof that is checked on it."""
    about = ("--custodian", CUSTODIAN.address, "--asset", "USDC", "--rpc-url", world.url, *PAYER)
    (told,) = world.run("prove", "registry", *about, "--json").lines
    address = str(told.pop("registry"))
    assert told == {
        "chain_id": 31_337, "custodian": CUSTODIAN.address, "asset": "USDC", "scale": 6,
        "sender": signer_of("operator").address,
    }  # fmt: skip
    out = world.prove("first", contract=address)
    assert world.publish(out, registry=address).status == DONE
    assert world.verify(out / "proofs/client/fund.json", registry=address).status == DONE
    before = world.sent()
    plainly = world.run("prove", "registry", *about)
    assert (plainly.status, plainly.said.startswith("0x"), world.sent()) == (DONE, True, before + 1)


def test_a_registry_is_put_on_no_other_chain(world: World) -> None:
    before = world.sent()
    about = ("--custodian", CUSTODIAN.address, "--rpc-url", world.url, *PAYER)
    ran = world.run("prove", "registry", *about, "--asset", "USDC", "--chain-id", 1)
    assert (ran.status, "is a node of chain 31337, and this is meant for chain 1" in ran.complained) == (FAILED, True)
    for words in (
        ("--asset", "DAI", *about),
        ("--asset", "USDC", *about[:-2]),
        ("--asset", "USDC", "--custodian", CUSTODIAN.address.lower(), *about[2:]),
    ):
        ran = world.run("prove", "registry", *words)
        assert (ran.status, ran.said) == (USAGE, "")
    assert world.sent() == before


def test_a_keystores_key_pays(world: World) -> None:
    signer = write_keystore(world.folder / "key.json", bytes([5]) * 32, "correct horse", scrypt_rounds=2)
    (world.folder / "password").write_text("correct horse\n")
    world.node.rpc("anvil_setBalance", signer.address, hex(10**20))
    key = ("--keystore", world.folder / "key.json", "--password-file", world.folder / "password")
    ran = world.publish(world.prove("first"), "--json", key=key)
    assert (ran.status, ran.lines[0]["sender"], ran.complained) == (DONE, signer.address, "")


def test_a_key_without_ether_is_told(world: World) -> None:
    ran = world.publish(world.prove("first"), key=("--demonstration", "nobody rich"))
    assert (ran.status, ran.said) == (FAILED, "")
    assert "prove publish: liabilities published: Insufficient funds" in ran.complained


# -- what has no place there -------------------------------------------------------------------------------------------


def elsewhere(world: World, refusal: RegistryRefusal) -> tuple[Path, str]:
    """A publication and a registry that do not belong together, for this reason and, as far as can be, those behind."""
    empty = LocalSigner.for_demonstration("an address with nothing on it").address
    other = registry_for(world.registry.chain, signer_of("operator").address).address
    match refusal:
        case RegistryRefusal.CHAIN_IS_ANOTHER:
            return world.prove("x", "--chain-id", 1, contract=other), empty
        case RegistryRefusal.CONTRACT_IS_ANOTHER:
            return world.prove("x", contract=other), empty
        case RegistryRefusal.NO_CODE_IS_THERE:
            return world.prove("x", contract=empty), empty
        case RegistryRefusal.CONTRACT_IS_NO_REGISTRY:
            world.node.rpc("anvil_setCode", empty, "0x5f5ff3")
            return world.prove("x", contract=empty), empty
        case RegistryRefusal.CUSTODIAN_IS_ANOTHER:
            return world.prove("x", contract=other), other
        case _:
            assert world.publish(world.prove("x")).status == DONE
            return world.prove("y"), world.registry.address


PLACED = [one for one in RegistryRefusal if one is not RegistryRefusal.STATEMENT_IS_NOT_PUBLISHED]


@pytest.mark.parametrize("refusal", PLACED)
def test_the_first_reason_is_told_and_nothing_is_sent(world: World, refusal: RegistryRefusal) -> None:
    out, registry = elsewhere(world, refusal)
    before = world.sent()
    ran = world.publish(out, "--json", registry=registry)
    told = {"refusal": refusal, "detail": MEANING[refusal], "retry_may_succeed": refusal.retry_may_succeed}
    assert (ran.status, ran.lines) == (FAILED, [told])
    assert ran.complained == f"prove publish: {refusal}: {MEANING[refusal]}; nothing was sent\n"
    (line,) = world.verify(out / "proofs/client/fund.json", registry=registry).lines
    assert (line["holds"], line["refusal"], line["on_chain"]["refusal"]) == (False, None, refusal)
    assert world.sent() == before


def test_what_does_not_follow_is_refused_before_it_costs_gas(world: World) -> None:
    second = world.prove("second", "--previous", world.prove("first"))
    before = world.sent()
    ran = world.publish(second)
    assert (ran.status, ran.said) == (FAILED, "")
    assert ran.complained == "prove publish: LiabilityRegistry.publish: wrong sequence (expected 1, given 2)\n"
    assert world.sent() == before


def test_a_statement_that_was_changed_goes_nowhere(world: World) -> None:
    out = world.prove("first")
    file = out / "liabilities.json"
    file.write_text(file.read_text().replace('"units": "100"', '"units": "99"'))
    for url in (world.url, NOWHERE):
        ran = world.publish(out, "--json", url=url)
        assert (ran.status, ran.lines[0]["refusal"]) == (FAILED, "signature_is_anothers")


def test_a_node_that_is_away_fails_and_its_secret_stays_one(world: World) -> None:
    out = world.prove("first")
    for ran in (world.publish(out, url=NOWHERE), world.verify(out / "proofs/client/fund.json", url=NOWHERE)):
        assert (ran.status, ran.said) == (FAILED, "")
        assert "no JSON-RPC answer from http://127.0.0.1:1/… to eth_chainId" in ran.complained
        assert "a-secret" not in ran.complained


def test_what_cannot_be_read_is_bad_usage(world: World) -> None:
    out = world.prove("first")
    proof = out / "proofs/client/fund.json"
    for ran in (
        world.publish(out, registry="0x12"),
        world.publish(out, key=()),
        world.publish(world.folder / "nowhere"),
        world.publish(proof),
        world.run("prove", "publish", out, "--registry", world.registry.address),
        world.verify(proof, registry=world.registry.address.lower()),
        world.run("verify", "proof", proof, "--registry", world.registry.address),
        world.run("verify", "proof", proof, "--rpc-url", world.url),
    ):
        assert (ran.status, ran.said) == (USAGE, "")
        assert ran.complained


# -- asked on chain ----------------------------------------------------------------------------------------------------


def test_an_inclusion_is_checked_on_chain_too(world: World) -> None:
    out = world.prove("first")
    proofs = sorted((out / "proofs").rglob("*.json"))
    waiting = world.verify(*proofs)
    assert waiting.status == FAILED
    assert {line["on_chain"]["refusal"] for line in waiting.lines} == {"statement_is_not_published"}
    assert world.publish(out).status == DONE
    ran = world.verify(*proofs)
    assert ran.status == DONE
    where = {"chain_id": 31_337, "registry": world.registry.address, "refusal": None, "meaning": None}
    assert [line["on_chain"] for line in ran.lines] == [where] * len(proofs)
    said = world.verify(proofs[0], more=()).said
    assert f"registry {world.registry.address} on chain 31337 has this statement, and finds the leaf in it" in said


def test_a_proof_that_does_not_hold_by_itself_is_not_put_to_the_chain(world: World) -> None:
    out = world.prove("first")
    assert world.publish(out).status == DONE
    file = out / "proofs/client/fund.json"
    file.write_text(file.read_text().replace('"units": "100"', '"units": "101"', 1))
    (line,) = world.verify(file).lines
    assert (line["holds"], line["refusal"], line["on_chain"]) == (False, "total_is_another", None)


def test_a_proof_of_another_publication_is_told_from_one_that_stands(world: World) -> None:
    """Two publications of one sequence: the chain has one, and says so to the readers of the other."""
    first, other = world.prove("first"), world.prove("other")
    assert world.publish(first).status == DONE
    ran = world.verify(other / "proofs/client/fund.json", more=())
    assert ran.status == FAILED
    assert ": holds by itself, and not on chain\n" in ran.said
    assert "another_statement_is_published\n  the registry has another statement of this sequence" in ran.said


def test_the_chains_own_check_counts_beside_ours(world: World) -> None:
    """A registry whose root is another than that of the statement it names: as no contract of ours could come to be."""
    out = world.prove("first")
    digest = world.publish(out, "--json").lines[0]["digest"]
    places = [int.from_bytes(keccak(encode(("uint64", "uint256"), (1, slot))), "big") for slot in range(10)]
    kept = [world.node.rpc("eth_getStorageAt", world.registry.address, hex(place), "latest") for place in places]
    root = places[kept.index(digest)] + 1
    world.node.rpc("anvil_setStorageAt", world.registry.address, f"0x{root:064x}", f"0x{7:064x}")
    ran = world.verify(out / "proofs/client/fund.json")
    assert (ran.status, ran.said) == (FAILED, "")
    assert ran.complained.startswith("verify proof: LiabilityRegistry.requireIncluded: wrong root (")


def test_nobody_signs_for_whoever_only_asks() -> None:
    with pytest.raises(ValueError, match="nobody signs 0x01"):
        Nobody().sign_digest(b"\x01")
