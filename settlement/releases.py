"""A holder's consents as the vault checks them: that claims leave its compartment, and that it wants to leave a venue.

Both are EIP-712, with the same digests as there.
"""

from dataclasses import dataclass

from custody import typed_data
from custody.typed_data import Struct

_RELEASE = Struct("Release(address holder,address venue,address token,uint256 amount,uint256 nonce,uint256 deadline)")
_EXIT_REQUEST = Struct("ExitRequest(address holder,address venue,address token,uint256 nonce,uint256 deadline)")


@dataclass(frozen=True, slots=True)
class Release:
    """A holder's consent that claims leave its compartment; the custodian executes it."""

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


@dataclass(frozen=True, slots=True)
class ExitRequest:
    """A holder's request to leave a venue with all that its compartment holds; anybody may send it.

    `nonce` is the vault's `exitNonceOf`, a count apart from that of releases.
    """

    holder: str
    venue: str
    token: str
    nonce: int
    deadline_s: int

    def arguments(self) -> tuple[object, ...]:
        return self.holder, self.venue, self.token, self.nonce, self.deadline_s

    def digest(self, domain: bytes) -> bytes:
        """The EIP-712 digest in a domain."""
        return typed_data.digest(domain, _EXIT_REQUEST.hash(_EXIT_REQUEST.named(*self.arguments())))
