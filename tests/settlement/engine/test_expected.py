"""Code on a chain is a committed artifact's, its immutables aside, and nobody else's."""

import pytest

from settlement.abi import Artifact
from settlement.contracts import ALL, Contracts
from settlement.engine.expected import is_build_of, mismatch
from settlement.node import Node

ROOM = b"\x7f" + bytes(32)


def artifact(runtime: bytes) -> Artifact:
    return Artifact("Thing", b"\x60\x80creation" + runtime, (), {}, {})


BUILT = artifact(b"head" + ROOM + b"middle" + ROOM + b"tail")
DEPLOYED = b"head\x7f" + b"\x11" * 32 + b"middle\x7f" + b"\x22" * 32 + b"tail"


@pytest.mark.parametrize(
    ("code", "same"),
    [
        (DEPLOYED, True),
        (DEPLOYED.replace(b"middle", b"Middle"), False),
        (DEPLOYED.replace(b"tail", b"Tail"), False),
        (DEPLOYED.replace(b"head", b"Head"), False),
        (DEPLOYED.replace(b"middle\x7f", b"middle\x7e"), False),
        (DEPLOYED[1:], True),
        (b"more" * 100 + DEPLOYED, False),
    ],
)
def test_immutables_may_be_anything_and_nothing_else_may(code: bytes, same: bool) -> None:
    assert is_build_of(code, BUILT) is same


def test_each_of_our_contracts_is_itself_and_no_other(node: Node, contracts: Contracts) -> None:
    places = {
        "CollateralVault": contracts.vault, "PositionBook": contracts.positions, "AttestedMinter": contracts.minter,
        "SettlementBook": contracts.settlement, "MarkFeed": contracts.marks, "CustodyToken": contracts.tokens["USDC"],
    }  # fmt: skip
    for name, address in places.items():
        code = bytes.fromhex(node.rpc("eth_getCode", address, "latest")[2:])
        assert [one.name for one in ALL if is_build_of(code, one)] == [name]


def test_what_is_wrong_is_said() -> None:
    assert mismatch(b"", None) == "has no code"
    assert mismatch(b"anything", None) == ""
    assert mismatch(b"anything", BUILT) == "has code that is no build of Thing"
    assert mismatch(DEPLOYED, BUILT) == ""
