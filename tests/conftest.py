"""A real node for every test that needs one: anvil starts in a twentieth of a second, so nobody has to share."""

from collections.abc import Iterator

import pytest

from settlement.devnet import Anvil
from settlement.node import Node

GENESIS_S = 1_769_000_000
"""21 January 2026, 12:53:20 UTC: the first block of every chain in the tests."""


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    with Anvil(genesis_s=GENESIS_S) as running:
        yield running


@pytest.fixture
def node(anvil: Anvil) -> Iterator[Node]:
    with Node.of_anvil(anvil) as connected:
        yield connected
