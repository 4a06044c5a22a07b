"""The way out that needs nobody: what a holder sends itself, or has anybody send, and what the books make of it.

    request → time-out → exit (the compartment is the holder's own, in the vault) → withdrawal to the redemption address

The desk takes no part in it, so these are calls for whoever sends them. The books follow at the end: claims that have
left a compartment and lie at the redemption address are burned, and what was delegated is available again.
"""

from dataclasses import dataclass

from custody.money import Asset
from custody.signers import Signer
from settlement.chain import Call
from settlement.contracts import VAULT, Contracts
from settlement.releases import ExitRequest


@dataclass(frozen=True, slots=True)
class Leaving:
    """A holder that leaves a venue in one asset; `holder` and `venue` are addresses."""

    contracts: Contracts
    asset: Asset
    holder: str
    venue: str

    @property
    def token(self) -> str:
        return self.contracts.tokens[self.asset.symbol]

    def requested(self) -> Call:
        """The request, for the holder to send."""
        return self._call("exit requested", "requestExit", self.venue, self.token)

    def requested_by(self, holder: Signer, deadline_s: int) -> Call:
        """The request as its holder signs it, for anybody to send until `deadline_s` (chain time)."""
        nonce = self.contracts.chain.read(VAULT, self.contracts.vault, "exitNonceOf", self.holder)
        request = ExitRequest(self.holder, self.venue, self.token, nonce, deadline_s)
        signature = holder.sign_digest(request.digest(self.contracts.vault_domain))
        return self._call("exit requested", "requestExitFor", request.arguments(), signature)

    def cancelled(self) -> Call:
        """The request taken back, for the holder to send."""
        return self._call("exit cancelled", "cancelExit", self.venue, self.token)

    def left(self) -> Call:
        """The exit once the time-out is over, for anybody to send."""
        return self._call("compartment exited", "exit", self.holder, self.venue, self.token)

    def withdrawn(self, units: int, to: str) -> Call:
        """What is the holder's own, in ledger units, sent on; for the holder to send."""
        return self._call("claims withdrawn", "withdraw", self.token, self.asset.to_chain(units), to)

    def ready_at_s(self) -> int:
        """From when on the compartment may exit, in chain time; 0 where that was not requested."""
        return int(self._read("exitReadyAt", self.holder, self.venue, self.token))

    def free_units(self) -> int:
        """What the holder has out of every venue's reach, in ledger units."""
        return self.asset.from_chain(self._read("freeOf", self.holder, self.token))

    def _call(self, purpose: str, function: str, *arguments: object) -> Call:
        return Call(self.contracts.vault, VAULT.call(function, *arguments), purpose)

    def _read(self, function: str, *arguments: object) -> int:
        return int(self.contracts.chain.read(VAULT, self.contracts.vault, function, *arguments))
