"""Standard margin of perpetuals as the chain reckons it: terms in, an account's margin out, in the engine's own types.

A deployment of its own beside those whose positions and marks it reads; nothing that moves money asks it. What its
answers leave out, and when not to rely on them, stands in contracts/src/interfaces/IPerpMargin.sol.
"""

from dataclasses import dataclass
from typing import Self

from margin.fixed import Fixed
from margin.result import Margin
from margin.standard_parameters import Depeg, MissingParameterError, StandardMarket
from settlement.abi import load_artifact
from settlement.chain import Chain, Receipt
from settlement.contracts import Contracts

PERP_MARGIN = load_artifact("PerpMargin")


@dataclass(frozen=True, slots=True)
class Requirement:
    """Positions at their marks, and what initial and maintenance margin ask for them, in USD."""

    value: Fixed
    initial: Fixed
    maintenance: Fixed


@dataclass(frozen=True, slots=True)
class PerpMargin:
    """One deployment, asked and administered by one sender. What it refuses is a ChainError that says why.

    The chain must know the errors of PERP_MARGIN for that to be a sentence. Instruments and spots are the chain's
    numbers: those of the book's listing and of the feed.
    """

    chain: Chain
    address: str

    @classmethod
    def deployed(cls, contracts: Contracts, stable: int, depeg: Depeg) -> Self:
        """Beside a deployment, by its operator, who becomes the administrator; it looks at no instrument yet."""
        chain = contracts.chain
        creation = PERP_MARGIN.creation(
            chain.sender.address, contracts.positions, contracts.marks, _depeg_terms(stable, depeg)
        )
        return cls(chain, chain.send("", creation, "deployment").contract)

    def set_terms(self, instrument: int, spot: int, market: StandardMarket) -> Receipt:
        """What is asked for a perpetual from now on. Raises MissingParameterError for a market that takes none."""
        if market.perp is None:
            raise MissingParameterError(f"no perp parameters for instrument {instrument}")
        oracle = market.oracle_contingency
        shares = market.perp.im_req, market.perp.mm_req, oracle.perp_threshold, oracle.oc_factor
        terms = tuple(share.units for share in shares)
        return self._send("setPerpTerms", "terms set", instrument, spot, terms)

    def refuse(self, instrument: int) -> Receipt:
        """No answer from now on for whoever has a position in it, an option for example."""
        return self._send("refuse", "instrument refused", instrument)

    def set_depeg(self, stable: int, depeg: Depeg) -> Receipt:
        """What is asked from now on while the stablecoin is below par; `stable` is its number in the feed."""
        return self._send("setDepegTerms", "terms set", _depeg_terms(stable, depeg))

    def requirement_of(self, account: str) -> Requirement:
        """Of all positions, whatever cash there is."""
        return Requirement(*map(Fixed, self.chain.read(PERP_MARGIN, self.address, "requirementOf", account)))

    def margin_of(self, account: str, head: bytes, cash: Fixed) -> Margin:
        """Net margins in USD. `cash` is all beside the positions at their marks, as of the batch of digest `head`."""
        answer = self.chain.read(PERP_MARGIN, self.address, "marginOf", account, (head, cash.units))
        worth, initial, maintenance = map(Fixed, answer)
        return Margin(initial, maintenance, worth)

    def require_margin(self, account: str, head: bytes, cash: Fixed, *, is_initial: bool) -> None:
        """Ask whether initial or maintenance margin is met."""
        self.chain.read(PERP_MARGIN, self.address, "requireMargin", account, (head, cash.units), is_initial)

    def _send(self, function: str, purpose: str, *arguments: object) -> Receipt:
        return self.chain.send(self.address, PERP_MARGIN.call(function, *arguments), purpose)


def _depeg_terms(stable: int, depeg: Depeg) -> tuple[int, int, int]:
    return stable, depeg.threshold.units, depeg.depeg_factor.units
