"""Nonces: once a module in v2, bound to an order's data, rising and near the clock in v3."""

from dataclasses import replace

import pytest

from settlement.venues.derive_actions import Action
from settlement.venues.derive_nonces import NS, Module, NonceRefusal, Nonces, Version, v2_nonce

NOW_S = 1_800_000_000
NOW_NS = NOW_S * NS
ACTION = Action(7, 1_700_000_000_000_001, "0x" + "cd" * 20, b"told", NOW_S, "0x" + "AB" * 20, "0x" + "ab" * 20)


def test_an_orders_nonce_is_bound_to_its_data() -> None:
    nonces = Nonces()
    nonces.use(Module.TRADE, ACTION)
    assert nonces.refusal(Module.TRADE, replace(ACTION, expiry_s=NOW_S + 9), NOW_S) is None
    other = replace(ACTION, data=b"other", owner=ACTION.owner.lower())
    assert nonces.refusal(Module.TRADE, other, NOW_S) is NonceRefusal.NONCE_IS_BOUND_TO_OTHER_DATA
    assert nonces.refusal(Module.TRADE, replace(other, nonce=2), NOW_S) is None
    assert nonces.refusal(Module.TRADE, replace(other, owner="0x" + "01" * 20), NOW_S) is None


@pytest.mark.parametrize("module", [Module.RFQ, Module.DEPOSIT, Module.WITHDRAW, Module.TRANSFER, Module.LIQUIDATE])
def test_other_nonces_are_used_once_a_module(module: Module) -> None:
    nonces = Nonces()
    assert nonces.refusal(module, ACTION, NOW_S) is None
    nonces.use(module, ACTION)
    assert nonces.refusal(module, replace(ACTION, data=b"other", subaccount_id=8), NOW_S) is NonceRefusal.NONCE_WAS_USED
    elsewhere = Module.DEPOSIT if module is Module.RFQ else Module.RFQ
    assert nonces.refusal(elsewhere, ACTION, NOW_S) is None


SCALE, OLD, FUTURE, SAME = list(NonceRefusal)[:4]


@pytest.mark.parametrize(("module", "nonce", "refusal"), [
    (Module.TRADE, NOW_S * 1_000, SCALE), (Module.RFQ, NOW_S * 10**6, SCALE), (Module.DEPOSIT, 10**19, SCALE),
    (Module.TRADE, 10**18, None), (Module.RFQ, 10**18, None),
    (Module.WITHDRAW, (NOW_S - 3_600) * NS - 1, OLD), (Module.TRANSFER, (NOW_S + 3_600) * NS + 1, FUTURE),
    (Module.VAULT, (NOW_S - 60 * 86_400) * NS - 1, OLD), (Module.VAULT, NOW_NS + 3_600 * NS + 1, FUTURE),
    (Module.SESSION_KEY, NOW_NS - 1, SAME), (Module.WHITELIST, NOW_NS, SAME), (Module.LIQUIDATE, NOW_NS + 1, None),
    (Module.VAULT, NOW_NS - 30 * 86_400 * NS, SAME), (Module.WITHDRAW, NOW_NS + 3_600 * NS, None),
])  # fmt: skip
def test_v3_by_the_servers_clock(module: Module, nonce: int, refusal: NonceRefusal | None) -> None:
    nonces = Nonces(Version.V3)
    nonces.use(Module.TRANSFER, replace(ACTION, nonce=NOW_NS))
    assert nonces.refusal(module, replace(ACTION, nonce=nonce), NOW_S) is refusal
    if refusal is SAME:
        assert nonces.refusal(module, replace(ACTION, nonce=nonce, subaccount_id=8), NOW_S) is None


def test_v3_orders_keep_their_data() -> None:
    nonces = Nonces(Version.V3)
    nonces.use(Module.TRADE, replace(ACTION, nonce=NOW_NS))
    other = replace(ACTION, nonce=NOW_NS, data=b"other")
    assert nonces.refusal(Module.TRADE, other, NOW_S) is NonceRefusal.NONCE_IS_BOUND_TO_OTHER_DATA
    assert NonceRefusal.NONCE_IS_IN_THE_FUTURE.retry_may_succeed
    assert not NonceRefusal.NONCE_WAS_USED.retry_may_succeed


def test_v2_nonces_are_milliseconds_and_a_number() -> None:
    assert v2_nonce(1_700_000_000_000, 1) == 17_000_000_000_001 * 1_000 // 1_000
    with pytest.raises(ValueError, match="three digits"):
        v2_nonce(1, 1_000)
