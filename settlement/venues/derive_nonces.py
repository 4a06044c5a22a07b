"""Which nonces a module takes, and which again: the rules of v2 and of v3 (specs/derive_actions.md §4)."""

from dataclasses import dataclass, field
from enum import Enum, StrEnum

from eth_utils.crypto import keccak

from settlement.venues.derive_actions import Action

HOUR_S, DAY_S = 3_600, 86_400
NS = 10**9
LEAST_V3, MOST_V3 = 10**18, 10**19
"""Nanoseconds since 1970, from 2001 on: 19 digits. What has fewer is of another scale."""


class Version(Enum):
    """Of the protocol: v2's contracts, or what the client library of 2026 says."""

    V2 = 2
    V3 = 3


class Module(StrEnum):
    """What interprets an action's data."""

    TRADE = "trade"
    RFQ = "rfq"
    DEPOSIT = "deposit"
    WITHDRAW = "withdraw"
    TRANSFER = "transfer"
    LIQUIDATE = "liquidate"
    SESSION_KEY = "session_key"
    WHITELIST = "whitelist"
    VAULT = "vault"


RISING = frozenset({
    Module.WITHDRAW, Module.TRANSFER, Module.SESSION_KEY, Module.WHITELIST, Module.LIQUIDATE, Module.VAULT,
})  # fmt: skip
"""In v3 their nonces only rise, in each subaccount."""


class NonceRefusal(StrEnum):
    """Why a nonce is not taken; where several hold, the earlier is the answer."""

    NONCE_IS_NOT_IN_NANOSECONDS = "nonce_is_not_in_nanoseconds"
    NONCE_IS_TOO_OLD = "nonce_is_too_old"
    NONCE_IS_IN_THE_FUTURE = "nonce_is_in_the_future"
    NONCE_DOES_NOT_RISE = "nonce_does_not_rise"
    NONCE_IS_BOUND_TO_OTHER_DATA = "nonce_is_bound_to_other_data"
    NONCE_WAS_USED = "nonce_was_used"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same action could be taken later."""
        return self is NonceRefusal.NONCE_IS_IN_THE_FUTURE


def v2_nonce(now_ms: int, count: int) -> int:
    """UTC milliseconds with a number of up to three digits behind. ValueError for a longer one."""
    if not 0 <= count < 1000:
        raise ValueError(f"{count} has more than three digits")
    return int(f"{now_ms}{count}")


@dataclass(slots=True)
class Nonces:
    """Every nonce that was used. `refusal` asks, `use` writes down; between the two the caller may refuse otherwise.

    v2 does not say whether a liquidation's nonce is used up: here it is, like all but an order's.
    """

    version: Version = Version.V2
    bound: dict[tuple[str, int], bytes] = field(default_factory=dict)
    """An order's (owner, nonce), and keccak(data) of its first use."""
    used: set[tuple[Module, str, int]] = field(default_factory=set)
    highest: dict[int, int] = field(default_factory=dict)
    """By subaccount, of those that only rise."""

    def refusal(self, module: Module, action: Action, now_s: int) -> NonceRefusal | None:
        """None where the module takes it. `now_s`: the server's clock."""
        if self.version is Version.V3 and (refused := self._v3(module, action, now_s)):
            return refused
        key = action.owner.lower(), action.nonce
        if module is Module.TRADE:
            is_other = self.bound.get(key, keccak(action.data)) != keccak(action.data)
            return NonceRefusal.NONCE_IS_BOUND_TO_OTHER_DATA if is_other else None
        return NonceRefusal.NONCE_WAS_USED if (module, *key) in self.used else None

    def use(self, module: Module, action: Action) -> None:
        """Write down a nonce that `refusal` let pass."""
        key = action.owner.lower(), action.nonce
        if module is Module.TRADE:
            self.bound[key] = keccak(action.data)
        else:
            self.used.add((module, *key))
        if self.version is Version.V3 and module in RISING:
            self.highest[action.subaccount_id] = action.nonce

    def _v3(self, module: Module, action: Action, now_s: int) -> NonceRefusal | None:
        if not LEAST_V3 <= action.nonce < MOST_V3:
            return NonceRefusal.NONCE_IS_NOT_IN_NANOSECONDS
        if module not in RISING:
            return None
        oldest_s = 60 * DAY_S if module is Module.VAULT else HOUR_S
        if action.nonce < (now_s - oldest_s) * NS:
            return NonceRefusal.NONCE_IS_TOO_OLD
        if action.nonce > (now_s + HOUR_S) * NS:
            return NonceRefusal.NONCE_IS_IN_THE_FUTURE
        if action.nonce <= self.highest.get(action.subaccount_id, -1):
            return NonceRefusal.NONCE_DOES_NOT_RISE
        return None
