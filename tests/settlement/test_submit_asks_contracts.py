"""`bulkhead custody submit --rpc-url`: a venue whose desk is a wallet contract, on a real chain that is asked."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from custody.instructions import Delegate
from custody.keyring import Holding, Key, KeyKind
from custody.movements import Terms
from custody.policies import Group, Operation, Policy, Quorum, Rule
from custody.shapes import plain
from custody.signed import Bytes, Signature, SignedInstruction
from settlement.chain import Chain
from settlement.cli import main
from settlement.devnet import Anvil
from settlement.keys import signer_of
from settlement.node import Node
from tests.custody.approving import DOMAIN, NOW_S, admission, holding, key_of, simple_policy
from tests.custody.custodian_cast import FUND, NORTH, usdc
from tests.settlement.ledger_day import DONE, FAILED, Ran
from tests.settlement.wallets import OWNERS, compiled, remove_owner, signature_of, wallet_on

NOWHERE = "http://127.0.0.1:1/v3/a-secret"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return compiled(tmp_path_factory.mktemp("forge"))


@dataclass
class World:
    """A custodian's ledger, a chain with the wallet of a venue's desk, and an instruction that this desk must sign."""

    folder: Path
    node: Node
    url: str
    wallet: str
    capture: pytest.CaptureFixture[str]

    def run(self, name: str, *words: object, writes: bool = True) -> Ran:
        self.capture.readouterr()
        setting = ("--setting", self.folder / "setting.json", "--at", NOW_S) if writes else ()
        line = ("custody", name, *words, "--database", self.folder / "ledger.sqlite", *setting, "--json")
        return Ran(main(list(map(str, line))), *self.capture.readouterr())

    def file(self, owners: tuple[int, ...] = (0, 1)) -> Path:
        """The delegation, signed by the fund's key and in the wallet's name by some of its owners."""
        content = Delegate(party=FUND, id="g", nonce=1, expires_at_s=NOW_S + 3_600, venue="north", amount=usdc(60))
        signed = SignedInstruction(DOMAIN, content).signed_by(key_of(FUND, "first"))
        word = Signature(self.wallet, Bytes(signature_of(signed.digest(), owners)))
        file = self.folder / "order.json"
        file.write_text(replace(signed, signatures=(*signed.signatures, word)).to_json())
        return file

    def record(self) -> str:
        return self.run("movements", writes=False).said + self.run("events", writes=False).said


def setting_of(wallet: str) -> str:
    """The fund's delegations need its own first signer, and the desk of the venue, which is a contract."""
    policy = Policy(
        (Group("desk", FUND, ("first",)), Group("venue", NORTH, ("desk",))),
        (Rule(tuple(Operation), (Quorum(1, "desk"), Quorum(1, "venue"))),),
        86_400,
    )
    desk = Holding(NORTH, "desk", Key(KeyKind.CONTRACT, wallet))
    admissions = (
        admission("custodian", simple_policy(Group("desk", "custodian", ("first",)), 1), holding("custodian", "first")),
        admission(NORTH, simple_policy(Group("desk", NORTH, ("desk",)), 1), desk),
        admission(FUND, policy, holding(FUND, "first")),
    )
    return json.dumps({
        "chain_id": str(DOMAIN.chain_id), "contract": DOMAIN.contract, "opened_at_s": str(NOW_S - 10),
        "standing": "segregated", "venues": ["north"], "terms": plain(Terms(confirmations=1)),
        "assets": [{"symbol": "USDC", "scale": "6", "chain_decimals": "6", "haircut_bps": "1000"}],
        "admissions": [plain(one) for one in admissions],
    })  # fmt: skip


@pytest.fixture
def world(code: bytes, anvil: Anvil, node: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    for signer in (signer_of("operator"), *OWNERS):
        node.rpc("anvil_setBalance", signer.address, hex(10**24))
    wallet = wallet_on(Chain(node, signer_of("operator"), ()), code)
    (tmp_path / "setting.json").write_text(setting_of(wallet))
    made = World(tmp_path, node, anvil.url, wallet, capsys)
    deposit = ("--party", FUND, "--asset", "USDC", "--units", 100, "--reference", "0xfeed")
    assert made.run("observe", "d", *deposit).status == DONE
    assert made.run("tell", "d", "confirm", "--by", "chain", "--confirmations", 1).status == DONE
    return made


def test_a_wallet_that_signed_is_asked_and_counts(world: World) -> None:
    (answer,) = world.run("submit", world.file(), "--rpc-url", world.url).lines
    assert (answer["id"], answer["state"], answer["refusal"]) == ("g", "pending_venue", None)
    again = world.run("submit", world.file(), "--rpc-url", NOWHERE)
    assert (again.status, again.lines[0]["repeated"]) == (DONE, True), "nobody need be asked what is done"


def test_what_an_owner_took_back_does_not_count(world: World) -> None:
    file = world.file()
    remove_owner(world.node, world.wallet)
    ran = world.run("submit", file, "--rpc-url", world.url)
    assert (ran.status, ran.lines[0]["declined"]) == (FAILED, "contract_denies_signature")
    ran = world.run("submit", world.file((1, 2)), "--rpc-url", world.url)
    assert (ran.status, ran.lines[0]["state"]) == (DONE, "pending_venue"), "the two who are left can"


def test_without_a_node_it_is_told_what_to_do(world: World) -> None:
    before = world.record()
    ran = world.run("submit", world.file())
    (answer,) = ran.lines
    assert (ran.status, answer["declined"], answer["retry_may_succeed"]) == (FAILED, "contract_cannot_be_asked", True)
    assert answer["detail"] == (
        f"the signature of {world.wallet}, desk of venue/north, is a contract's to confirm:"
        " name a node of chain 31337 in --rpc-url, to have it asked"
    )
    assert world.record() == before


def test_a_node_that_is_away_fails_and_nothing_is_written(world: World) -> None:
    before = world.record()
    ran = world.run("submit", world.file(), "--rpc-url", NOWHERE)
    assert (ran.status, ran.said) == (FAILED, "")
    assert ran.complained.startswith("custody submit: no JSON-RPC answer from http://127.0.0.1:1/… to eth_chainId: ")
    assert "a-secret" not in ran.complained
    assert world.record() == before
    assert world.run("submit", world.file(), "--rpc-url", world.url).status == DONE


def test_a_node_of_another_chain_is_not_asked(world: World) -> None:
    before = world.record()
    world.node.rpc("anvil_setChainId", 5)
    ran = world.run("submit", world.file(), "--rpc-url", world.url)
    assert (ran.status, ran.said) == (FAILED, "")
    assert "is a node of chain 5, and this is meant for chain 31337; name a node of that chain" in ran.complained
    assert world.record() == before


def test_a_node_that_does_not_run_the_question_is_told_from_a_no(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Node, "block_number", lambda self: 1_000)
    (answer,) = world.run("submit", world.file(), "--rpc-url", world.url).lines
    assert answer["declined"] == "contract_cannot_be_asked"
    assert str(answer["detail"]).endswith(
        "confirm: the node did not ask it at block 1000; try again, or by another node"
    )


@pytest.mark.parametrize("url", ["nowhere", "http://[", "http://user:a-secret@127.0.0.1:1/?key=a-secret"])
def test_no_word_of_an_address_that_may_be_secret_is_repeated(world: World, url: str) -> None:
    ran = world.run("submit", world.file(), "--rpc-url", url)
    assert (ran.status, ran.said) == (FAILED, "")
    assert ran.complained.startswith("custody submit: ")
    assert "a-secret" not in ran.complained


def test_an_instruction_of_keys_alone_needs_no_node(world: World) -> None:
    told = json.loads(world.file().read_text())
    told["signatures"].pop()
    (world.folder / "order.json").write_text(json.dumps(told))
    (answer,) = world.run("submit", world.folder / "order.json", "--rpc-url", NOWHERE).lines
    assert (answer["state"], answer["declined"]) == ("requested", "quorum_is_not_reached")
