"""A wallet contract on a real chain signs an order by its owners' keys; a block that is not there says nothing."""

from pathlib import Path

import pytest

from settlement.chain import Chain
from settlement.keys import signer_of
from settlement.node import Node
from settlement.venues.contract_signing import UnaskedError, asked_on_chain
from settlement.venues.derive_actions import Action, SignedAction, matching_domain
from settlement.venues.derive_verification import ActionRefusal, SessionKeys, Verifier
from tests.settlement.wallets import OWNERS, compiled, signature_of, wallet_on

NOW_S = 1_800_000_000
SEPARATOR = matching_domain(31_337, "0x" + "ab" * 20).separator()


def test_a_wallet_signs_by_its_owners(node: Node, tmp_path: Path) -> None:
    for signer in (signer_of("operator"), *OWNERS):
        node.rpc("anvil_setBalance", signer.address, hex(10**24))
    wallet = wallet_on(Chain(node, signer_of("operator"), ()), compiled(tmp_path))
    action = Action(7, 1, "0x" + "cd" * 20, b"told", NOW_S, wallet, wallet)
    digest = action.digest(SEPARATOR)
    at = Verifier(SEPARATOR, {7: wallet}, SessionKeys(), asked_on_chain(node, node.block_number()))
    assert at.refusal(SignedAction(action, signature_of(digest)), NOW_S) is None
    assert at.refusal(SignedAction(action, signature_of(digest, (0,))), NOW_S) is ActionRefusal.SIGNATURE_IS_INVALID
    nowhere = Verifier(SEPARATOR, {}, SessionKeys(), asked_on_chain(node, node.block_number() + 99))
    with pytest.raises(UnaskedError, match="could not be asked"):
        nowhere.refusal(SignedAction(action, b"any"), NOW_S)
