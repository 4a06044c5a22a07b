"""A holder's consent that claims leave its compartment, as the vault checks it: EIP-712, the same digest as there."""

from dataclasses import dataclass

from custody import typed_data
from custody.typed_data import Struct

_RELEASE = Struct("Release(address holder,address venue,address token,uint256 amount,uint256 nonce,uint256 deadline)")


@dataclass(frozen=True, slots=True)
class Release:
    """A holder's consent that claims leave its compartment."""

    holder: str
    venue: str
    token: str
    amount: int
    nonce: int
    deadline_s: int

    def arguments(self) -> tuple[object, ...]:
        return self.holder, self.venue, self.token, self.amount, self.nonce, self.deadline_s

    def digest(self, domain: bytes) -> bytes:
        """The EIP-712 digest in a domain."""
        return typed_data.digest(domain, _RELEASE.hash(_RELEASE.named(*self.arguments())))
