"""An account as a liquidation sees it: legs with the depth of their books, and cash.

Closing a leg costs its price impact; what a margin model asks of what is left, the plan finds out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from margin.fixed import ZERO, Fixed, total
from margin.gate import Kind
from margin.liquidation_rule import BPS
from margin.positions import Holdings, Option
from margin.result import Margin

Model = Callable[[Fixed, Mapping[str, Holdings]], Margin]
"""Net margins of cash and of holdings by underlying, at the marks of now."""

_HALF = Fixed.of("0.5")


@dataclass(frozen=True, slots=True)
class Leg:
    """`lots` (signed) of one instrument, each of `lot` coins or contracts, marked at `price` USD.

    `depth`: USD that move the price by 1%, one side of the book (> 0). `option`: the terms, where it is one.
    """

    name: str
    underlying: str
    kind: Kind
    lots: int
    lot: Fixed
    price: Fixed
    depth: Fixed
    option: Option | None = None

    @property
    def amount(self) -> Fixed:
        return self.lot * self.lots

    def worth(self, lots: int) -> Fixed:
        """Notional of so many lots at the mark."""
        return self.lot * abs(lots) * self.price

    def impact(self, lots: int) -> Fixed:
        """What closing so many lots costs: the fill is midway between the marks before and after (linear impact).

        The mark moves by at most half (specs/contagion.md §5.6, as `contagion/market.py`).
        """
        worth = self.worth(lots)
        return worth * min(worth / (self.depth * 100), _HALF) * _HALF

    def paid(self, lots: int) -> Fixed:
        """What closing them at the mark brings in cash: a perpetual's profit is in the account already."""
        worth = ZERO if self.kind is Kind.PERP else self.worth(lots)
        return worth if self.lots > 0 else -worth

    def closed(self, lots: int) -> "Leg":
        """The leg with so many lots less."""
        return replace(self, lots=self.lots - lots if self.lots > 0 else self.lots + lots)


@dataclass(frozen=True, slots=True)
class Account:
    """Cash (a perpetual's unsettled profit in it) and legs, in a fixed order."""

    cash: Fixed
    legs: tuple[Leg, ...]

    def margin(self, model: Model) -> Margin:
        return model(self.cash, {name: self._holdings(name) for name in sorted({leg.underlying for leg in self.legs})})

    def closing(self, lots: Sequence[int], penalty_bps: int) -> "Account":
        """The account with so many lots of each leg closed at the market, impact and penalty paid."""
        pairs = list(zip(self.legs, lots, strict=True))
        paid = total([leg.paid(count) - leg.impact(count) for leg, count in pairs])
        penalty = total([leg.worth(count) for leg, count in pairs]) * penalty_bps / BPS
        return Account(self.cash + paid - penalty, tuple(leg.closed(count) for leg, count in pairs))

    def _holdings(self, underlying: str) -> Holdings:
        legs = [leg for leg in self.legs if leg.underlying == underlying and leg.lots]
        amounts = {kind: total([leg.amount for leg in legs if leg.kind is kind]) for kind in Kind}
        options = tuple(replace(leg.option, amount=leg.amount) for leg in legs if leg.option is not None)
        return Holdings(perp=amounts[Kind.PERP], base=amounts[Kind.BASE], options=options)
