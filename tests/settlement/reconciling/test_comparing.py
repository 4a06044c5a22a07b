"""Faults put into the real contracts or the real ledger, each found at one block with its type, place and amount."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from custody.database import LEDGER as LEDGER_TABLES
from custody.database import Database, open_database
from custody.transfers import Kind, Reason, Transfer
from settlement.cli import main
from settlement.contracts import POSITIONS, TOKEN, VAULT, Contracts
from settlement.devnet import Anvil
from settlement.engine.break_record import open_breaks
from settlement.keys import signer_of
from settlement.node import ChainError
from settlement.reconciling.at_block import AtBlock, Block
from settlement.reconciling.breaks import BreakType, Source
from settlement.reconciling.lifecycle import BreakState
from settlement.records import DESK
from tests.settlement.reconciling.ground import (
    CHART,
    HARBOUR,
    LISTED,
    START_UNITS,
    USDC,
    Ground,
    account,
    add_to_slot,
    ground_on,
)
from tests.settlement.sole_minter import PLENTY, as_the_minter

LEDGER, VENUE, CHAIN = Source


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def database(place: Path) -> Iterator[Database]:
    with closing(open_database(place)) as opened:
        yield opened


@pytest.fixture
def ground(contracts: Contracts, database: Database) -> Ground:
    return ground_on(contracts, database)


def test_a_clean_day_has_no_breaks(ground: Ground) -> None:
    outcome = ground.outcome()
    assert (outcome.breaks, outcome.explained, outcome.compared) == ((), (), 7)
    assert outcome.reconciled


# -- faults ------------------------------------------------------------------------------------------------------------


def compartment_debited(ground: Ground) -> None:
    read = VAULT.call("balanceOf", ground.holders["hedger"], HARBOUR.address, ground.contracts.tokens["USDC"])
    add_to_slot(ground, ground.contracts.vault, read, -30)


def position_changed(ground: Ground) -> None:
    read = POSITIONS.call("positionOf", ground.holders["hedger"], LISTED)
    add_to_slot(ground, ground.contracts.positions, read, 2 << (192 - 64 * LISTED))


def minted_without_delegation(ground: Ground) -> None:
    ground.contracts.credit(USDC, ground.holders["hedger"], HARBOUR.address, 7, PLENTY)


def credited_to_a_stranger(ground: Ground) -> None:
    ground.contracts.credit(USDC, signer_of("client/stranger").address, HARBOUR.address, 7, PLENTY)


def minted_past_the_vault(ground: Ground) -> None:
    as_the_minter(ground.contracts, "USDC", TOKEN.call("mint", ground.holders["hedger"], 7))


def burned_in_the_vault(ground: Ground) -> None:
    as_the_minter(ground.contracts, "USDC", TOKEN.call("adminBurn", ground.contracts.vault, 7))


def attested_less_than_is_out(ground: Ground) -> None:
    ground.contracts.attest(USDC, replace(PLENTY, units=2 * START_UNITS - 3))


def paid_twice_in_the_books(ground: Ground) -> None:
    for name in ("north/1", "north/1-again"):
        ground.post(name, account("hedger"), account("maker"), 4)


def deposited_in_the_books_alone(ground: Ground) -> None:
    ground.post("late", CHART.vault(), account("hedger"), 5)


Expected = tuple[BreakType, str, str, Source, int]
HEDGER, MAKER = (account(party).id for party in ("hedger", "maker"))
SUPPLY, SOMEWHERE = ("token supply", "USDC"), ("claims that stand somewhere", "USDC")
ON_CHAIN: dict[str, tuple[Callable[[Ground], None], list[Expected]]] = {
    "a compartment is debited": (compartment_debited, [
        (BreakType.AMOUNT, "compartment", HEDGER, CHAIN, 30),
        (BreakType.AMOUNT, *SOMEWHERE, CHAIN, 30),
    ]),
    "a position's slot is changed": (position_changed, [
        (BreakType.AMOUNT, "position", "hedger", CHAIN, 2 * 90 * 10**6),
    ]),
    "minted without a delegation": (minted_without_delegation, [
        (BreakType.AMOUNT, "compartment", HEDGER, CHAIN, 7),
        (BreakType.AMOUNT, *SUPPLY, CHAIN, 7),
    ]),
    "credited to a stranger": (credited_to_a_stranger, [
        (BreakType.UNKNOWN_ACCOUNT, "compartment", "stranger", CHAIN, 7),
        (BreakType.AMOUNT, *SUPPLY, CHAIN, 7),
        (BreakType.AMOUNT, *SOMEWHERE, CHAIN, 7),
    ]),
    "minted past the vault": (minted_past_the_vault, [
        (BreakType.AMOUNT, *SUPPLY, CHAIN, 7),
        (BreakType.AMOUNT, *SOMEWHERE, CHAIN, 7),
    ]),
    "burned in the vault": (burned_in_the_vault, [
        (BreakType.AMOUNT, *SUPPLY, CHAIN, 7),
        (BreakType.AMOUNT, *SOMEWHERE, CHAIN, 7),
    ]),
    "less is attested than is out": (attested_less_than_is_out, [
        (BreakType.AMOUNT, "attested reserves", "USDC", LEDGER, 3),
    ]),
    "a cycle is paid twice in the books": (paid_twice_in_the_books, [
        (BreakType.AMOUNT, "compartment", HEDGER, CHAIN, 8),
        (BreakType.AMOUNT, "compartment", MAKER, CHAIN, 8),
    ]),
    "a deposit in the books alone": (deposited_in_the_books_alone, [
        (BreakType.AMOUNT, "compartment", HEDGER, CHAIN, 5),
        (BreakType.AMOUNT, *SUPPLY, CHAIN, 5),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("fault", ON_CHAIN)
def test_every_fault_is_found(ground: Ground, fault: str) -> None:
    inject, expected = ON_CHAIN[fault]
    inject(ground)
    names = {**ground.holders, "stranger": signer_of("client/stranger").address}
    found = [(one.type, one.what, one.place.lower(), one.owner, one.effect_e6) for one in ground.outcome().breaks]
    assert len(found) == len(expected)
    for (kind, what, place, owner, effect), wanted in zip(found, expected, strict=True):
        assert (kind, what, owner, effect) == (wanted[0], wanted[1], wanted[3], wanted[4])
        assert names.get(wanted[2], wanted[2]).lower() in place


def test_what_is_on_its_way_is_explained_before_and_after_it_arrives(ground: Ground) -> None:
    ground.post("order", CHART.vault(), account("hedger"), 7, Kind.PENDING)
    before = ground.outcome()
    assert (before.breaks, before.explained) == ((), ())
    minted_without_delegation(ground)
    after = ground.outcome()
    assert after.breaks == ()
    assert [(one.what, one.by) for one in after.explained] == [
        ("compartment", ("order",)), ("token supply", ("order",)),
    ]  # fmt: skip
    minted_without_delegation(ground)
    assert [one.what for one in ground.outcome().breaks] == ["compartment", "token supply"]


def test_a_break_in_the_books_goes_into_suspense_and_out_by_linked_transfers(ground: Ground) -> None:
    """What was booked and is not there stands in suspense until somebody says why; then it is taken back."""
    deposited_in_the_books_alone(ground)
    aside = Transfer("aside", account("hedger").id, CHART.suspense().id, 5, Reason.CORRECTION, reference="late")
    assert ground.books.post([aside], 2)[0].ok
    assert ground.outcome().reconciled
    assert ground.books.balance(CHART.suspense().id) == 5


def test_a_position_of_a_holder_who_never_traded_is_found(ground: Ground) -> None:
    quiet = signer_of("client/quiet").address
    ground.holders["quiet"] = quiet
    ground.books.open_accounts([account("quiet")])
    assert ground.outcome().reconciled
    read = POSITIONS.call("positionOf", quiet, LISTED)
    asked = {"to": ground.contracts.positions, "data": "0x" + read.hex()}
    listed = ground.node.rpc("eth_createAccessList", asked, "latest")["accessList"]
    (keys,) = [one["storageKeys"] for one in listed if one["address"].lower() == ground.contracts.positions.lower()]
    empty = [key for key in keys if not int(ground.node.rpc("eth_getStorageAt", asked["to"], key, "latest"), 16)]
    slot = "0x" + (3 << (192 - 64 * LISTED)).to_bytes(32).hex()
    ground.node.rpc("anvil_setStorageAt", asked["to"], empty[-1], slot)
    ground.node.rpc("evm_mine")
    (found,) = ground.outcome().breaks
    assert (found.what, found.place, found.said) == (
        "position", f"{quiet.lower()} in instrument {LISTED}", {LEDGER: 0, CHAIN: 3},
    )  # fmt: skip


# -- one block ---------------------------------------------------------------------------------------------------------


def test_everything_is_read_at_the_block_that_was_asked_for(ground: Ground) -> None:
    clean = ground.node.block_number()
    minted_without_delegation(ground)
    assert not ground.outcome().reconciled
    token = ground.contracts.tokens["USDC"]
    at = AtBlock.of(ground.node, clean)
    assert at.read(TOKEN, token, "totalSupply") == 2 * START_UNITS
    assert AtBlock.of(ground.node).read(TOKEN, token, "totalSupply") == 2 * START_UNITS + 7


def test_a_block_that_is_gone_is_told_and_not_replaced_by_another(ground: Ground) -> None:
    state = AtBlock.of(ground.node)
    gone = AtBlock(ground.node, Block(state.block.number, "0x" + "77" * 32, 0))
    with pytest.raises(ChainError):
        gone.read(TOKEN, ground.contracts.tokens["USDC"], "totalSupply")
    with pytest.raises(ChainError, match="was replaced while it was read"):
        gone.require_kept()


# -- the commands ------------------------------------------------------------------------------------------------------


@pytest.fixture
def file(ground: Ground, tmp_path: Path, anvil: Anvil) -> Path:
    return ground.written(tmp_path, anvil.url)


def test_reconcile_says_so_as_text_and_as_json(
    ground: Ground, file: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reconcile", str(file), "--database", str(place)]) == 0
    assert "reconciled: 7 records compared, 0 explained" in capsys.readouterr().out
    compartment_debited(ground)
    assert main(["reconcile", str(file), "--database", str(place), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["breaks"][0] == {
        "id": f"amount/compartment/{HEDGER}", "type": "amount", "what": "compartment", "place": HEDGER,
        "owner": "chain", "said": {"ledger": "100", "chain": "70"}, "first": "", "age_s": 0, "effect_e6": "30",
        "on_record": None,
    }  # fmt: skip
    assert said["block"]["hash"] == AtBlock.of(ground.node).block.hash


def test_what_is_found_goes_on_record_once_when_it_is_asked_for(ground: Ground, file: Path, place: Path) -> None:
    compartment_debited(ground)
    ground.database.close()
    for _ in range(2):
        assert main(["reconcile", str(file), "--database", str(place), "--record"]) == 1
    with closing(open_database(place, schemas=(LEDGER_TABLES, DESK))) as opened, opened.snapshot() as reader:
        assert [(one.id, one.state) for one in open_breaks(reader)] == [
            (f"amount/compartment/{HEDGER}#1", BreakState.OPENED),
            ("amount/claims that stand somewhere/USDC#1", BreakState.OPENED),
        ]


def test_verify_all_asks_everything_that_it_is_given(
    ground: Ground, file: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run() -> tuple[int, dict[str, str]]:
        status = main(["verify", "all", "--database", str(place), "--chain", str(file), "--json"])
        checks = json.loads(capsys.readouterr().out)["checks"]
        return status, {one["name"]: one["verdict"] for one in checks}

    sound = {
        "journal": "ok", "seals": "ok", "balances": "ok", "custodian's log": "not_asked", "proofs": "not_asked",
        "contracts' code": "ok", "positions from calldata": "ok", "reconciliation": "ok",
        "venue's statement": "not_asked", "engine's mirror": "not_asked", "marks of the feed": "not_asked",
        "wrappers": "not_asked",
    }  # fmt: skip
    assert run() == (0, sound)
    position_changed(ground)
    assert run() == (1, {**sound, "positions from calldata": "failed", "reconciliation": "failed"})
    ground.node.rpc("anvil_setCode", ground.contracts.marks, "0x60")
    assert run()[1]["contracts' code"] == "failed"
