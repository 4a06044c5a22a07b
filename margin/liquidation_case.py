"""An account of a case as a liquidation sees it: its positions in lots with the depth of their books."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from margin.account import Position, margins, positions
from margin.case_schema import Case, StandardCase
from margin.fixed import Fixed, total
from margin.gate import Kind
from margin.liquidation_legs import Account, Leg, Model
from margin.positions import Collateral, Holdings, Option
from margin.result import Margin


class LotError(ValueError):
    """A position that is no whole number of lots: a plan in lots would leave a rest that nobody closes."""


@dataclass(frozen=True, slots=True)
class Books:
    """`lot` coins or contracts are the least that is traded; `depth` USD move a price by 1%, unless `of_name` says."""

    lot: Fixed
    depth: Fixed
    of_name: Mapping[str, Fixed] = field(default_factory=dict)


def account_of(case: Case, books: Books) -> Account:
    """Perpetuals, options and the base asset become legs; collaterals that have names of their own stay.

    A perpetual's unsettled profit is cash. Raises LotError, MissingMarkError.
    """
    held = [one for one in positions(case) if not isinstance(one.of, Collateral)]
    earned = total([one.worth for one in held if one.kind is Kind.PERP])
    return Account(case.cash + earned, tuple(_leg(one, books) for one in held))


def model_of(case: Case) -> Model:
    """The margin of cash and legs at the marks of the case, beside the collaterals that stay."""

    def margin(cash: Fixed, held: Mapping[str, Holdings]) -> Margin:
        if isinstance(case, StandardCase):
            return margins(replace(case, cash=cash, holdings=held))
        one = replace(held.get("", Holdings()), collaterals=case.held.collaterals)
        return margins(replace(case, cash=cash, held=one))

    return margin


def bankruptcy_price(leg: Leg, worth: Fixed) -> Fixed | None:
    """The leg's own price at which an account worth `worth` is worth nothing, all else as it is, in USD.

    None where no price above zero takes that much.
    """
    price = leg.price - worth / leg.amount
    return price if price > 0 else None


def _leg(position: Position, books: Books) -> Leg:
    lots = position.amount / books.lot
    if books.lot * lots.down_to(0) != position.amount:
        raise LotError(f"{position.name}: {position.amount} is no whole number of lots of {books.lot}")
    # A base asset counts in units of the stablecoin, which may have fallen.
    is_base = position.kind is Kind.BASE
    return Leg(
        name=position.name, underlying=position.market, kind=position.kind, lots=lots.down_to(0), lot=books.lot,
        price=position.worth / position.amount if is_base else position.price,
        depth=books.of_name.get(position.name, books.depth),
        option=position.of if isinstance(position.of, Option) else None,
    )  # fmt: skip
