"""Artifacts read, calls encoded, reverts turned into sentences; and broken input told apart from a broken program."""

import json
from pathlib import Path

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from settlement.abi import PANIC, REVERT_STRING, Artifact, ArtifactError, canonical_type, explain_revert, load_artifact
from settlement.contracts import ALL, TOKEN

HOLDER = "0x" + "11" * 20

ABI = [
    {"type": "constructor", "inputs": [{"name": "decimals", "type": "uint8"}]},
    {"type": "error", "name": "ExceedsCompartment", "inputs": [
        {"name": "holder", "type": "address"}, {"name": "balance", "type": "uint256"},
        {"name": "digest", "type": "bytes4"},
    ]},
    {"type": "error", "name": "WindowOpen", "inputs": []},
    {"type": "function", "name": "pair", "inputs": [], "outputs": [
        {"name": "", "type": "uint64"}, {"name": "", "type": "bytes32"}]},
    {"type": "event", "name": "Settled", "inputs": []},
]  # fmt: skip


@pytest.fixture
def built(tmp_path: Path) -> Artifact:
    (tmp_path / "Vault.json").write_text(json.dumps({"abi": ABI, "bytecode": "0x6000"}))
    return load_artifact("Vault", tmp_path)


def revert(signature: str, *values: object) -> bytes:
    """Revert data as a contract would return it."""
    types = signature[signature.index("(") + 1 : -1]
    return keccak(text=signature)[:4] + encode(types.split(",") if types else (), values)


def test_types_of_tuples_are_written_out() -> None:
    row = [{"type": "address"}, {"type": "int256"}]
    inner = {"type": "tuple[]", "components": row}
    assert canonical_type({"type": "uint8[3]"}) == "uint8[3]"
    assert canonical_type(inner) == "(address,int256)[]"
    assert canonical_type({"type": "tuple", "components": [inner, {"type": "bytes"}]}) == "((address,int256)[],bytes)"


def test_a_call_is_the_known_selector_and_its_arguments() -> None:
    """The first two are printed in every ERC-20 tutorial."""
    assert TOKEN.call("totalSupply").hex() == "18160ddd"
    assert TOKEN.call("transfer", HOLDER, 5).hex() == f"a9059cbb{'11' * 20:0>64}{5:064x}"
    with pytest.raises(KeyError):
        TOKEN.call("nonsense")


def test_a_creation_is_the_bytecode_with_its_arguments_behind(built: Artifact) -> None:
    assert built.creation(6).hex() == f"6000{6:064x}"


def test_one_result_comes_alone_and_several_as_a_tuple(built: Artifact) -> None:
    assert TOKEN.result("totalSupply", encode(("uint256",), (7,))) == 7
    assert built.result("pair", encode(("uint64", "bytes32"), (7, b"\x01" * 32))) == (7, b"\x01" * 32)


SENTENCES = {
    "numbers": (revert("ExceedsCompartment(address,uint256,bytes4)", HOLDER, 5, b"abcd"),
                f"exceeds compartment (holder {HOLDER}, balance 5, digest 0x61626364)"),
    "no numbers": (revert("WindowOpen()"), "window open"),
    "a string": (REVERT_STRING + encode(("string",), ("admin=0",)), "admin=0"),
    "a panic": (PANIC + encode(("uint256",), (0x11,)), "panic 0x11"),
    "unknown": (bytes.fromhex("deadbeef01"), "reverted with 0xdeadbeef01"),
    "too short for a selector": (b"\x01", "reverted with 0x01"),
    "nothing": (b"", "reverted without a reason"),
    "a known error cut short": (revert("ExceedsCompartment(address,uint256,bytes4)", HOLDER, 5, b"abcd")[:30],
                                f"reverted with 0x{keccak(text='ExceedsCompartment(address,uint256,bytes4)')[:4].hex()}"
                                f"{'00' * 12}{'11' * 14}"),
    "a string cut short": (REVERT_STRING + b"\x00", "reverted with 0x08c379a000"),
    "a string that is no text": (REVERT_STRING + encode(("bytes",), (b"\xff\xfe",)),
                                 f"reverted with 0x08c379a0{32:064x}{2:064x}fffe{'00' * 30}"),
    "a panic cut short": (PANIC + b"\x11", "reverted with 0x4e487b7111"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "told"), SENTENCES.values(), ids=SENTENCES)
def test_a_revert_is_a_sentence_or_at_least_its_bytes(data: bytes, told: str, built: Artifact) -> None:
    assert explain_revert(data, (TOKEN, built)) == told


@pytest.mark.parametrize("artifact", ALL, ids=[artifact.name for artifact in ALL])
def test_every_error_of_every_contract_is_explained_with_all_its_numbers(artifact: Artifact) -> None:
    samples = {"address": HOLDER, "bytes32": b"\x07" * 32, "string": "seven"}
    assert artifact.errors
    for selector, entry in artifact.errors.items():
        values = [samples.get(kind, 7) for kind in entry.inputs]
        told = explain_revert(selector + encode(entry.inputs, values), ALL)
        assert told.replace(" ", "").lower().startswith(entry.name.lower())
        assert all(f"{name} " in told for name in entry.names)


NO_ARTIFACTS = {
    "no JSON": "<html>",
    "a list": "[]",
    "a number": "7",
    "no ABI": '{"bytecode": "0x00"}',
    "no bytecode": '{"abi": []}',
    "unlinked bytecode": '{"abi": [], "bytecode": "0x73__$lib$__"}',
    "bytecode of another type": '{"abi": [], "bytecode": 5}',
    "an ABI of another type": '{"abi": "x", "bytecode": "0x00"}',
    "an entry without a type": '{"abi": [{"name": "x"}], "bytecode": "0x00"}',
    "a function without inputs": '{"abi": [{"type": "function", "name": "x"}], "bytecode": "0x00"}',
}


@pytest.mark.parametrize("text", NO_ARTIFACTS.values(), ids=NO_ARTIFACTS)
def test_a_file_that_is_no_build_is_named_with_the_command_that_makes_one(text: str, tmp_path: Path) -> None:
    (tmp_path / "Vault.json").write_text(text)
    with pytest.raises(ArtifactError, match=r"Vault\.json is no build of Vault .*python3 scripts/contracts\.py build"):
        load_artifact("Vault", tmp_path)


def test_a_missing_file_is_named_too(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"Nowhere\.json is no build of Nowhere .*No such file"):
        load_artifact("Nowhere", tmp_path)
