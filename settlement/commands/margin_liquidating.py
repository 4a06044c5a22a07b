"""`bulkhead margin liquidate`: how an account would be closed leg by leg, or sold by auction, at its marks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from margin.auction import AuctionParameters
from margin.auction_schedule import Schedule, schedule
from margin.cases import CASE_FAULTS, of_margin, why
from margin.fixed import ZERO, Fixed, FixedError
from margin.liquidation_case import Books, LotError, account_of, bankruptcy_price, model_of
from margin.liquidation_legs import Account
from margin.liquidation_plan import Plan, plan
from margin.liquidation_rule import LiquidationRule
from margin.parameter_set import ParameterSet
from margin.result import Margin
from settlement.commands.exact_json import print_exact_json
from settlement.commands.fields import InputError
from settlement.commands.margin_explaining import account_in, usd
from settlement.commands.margin_input import Told, chosen_cases, complain, parameters_in
from settlement.commands.margin_waterfalls import waterfall_in
from settlement.commands.printing import Row, print_line, print_rows, printable
from settlement.commands.running import DONE, FAILED

_LEG_COLUMNS = ("leg", "amount", "price", "bankruptcy_price")
_SLICE_COLUMNS = ("slice", "closed", "impact", "frees_initial", "freed_per_impact", "initial_after")
_OFFER_COLUMNS = ("after", "discount", "share", "bidder_pays")


@dataclass(frozen=True, slots=True)
class Terms:
    """How it is closed: the venue's waterfall, the penalty, the least lot, the depth of books (`NAME=USD` or `USD`)."""

    waterfall: str
    penalty_bps: int
    lot: str
    depths: Sequence[str]


def liquidate_cases(file: str, wanted: str, parameters: str, terms: Terms, as_json: bool) -> int:
    """FAILED where a case has no answer or a plan ends in a shortfall. InputError for terms that are none."""
    given, books, rule = parameters_in(parameters), books_of(terms), waterfall_in(terms.waterfall).rule
    auction = (given if given.auction else parameters_in("mainnet")).auction
    failed = False
    with chosen_cases(file, wanted) as cases:
        for told in cases:
            failed |= not _answered(file, told, given, books, rule, terms.penalty_bps, auction, as_json)
    return FAILED if failed else DONE


def books_of(terms: Terms) -> Books:
    """Raises InputError."""
    of_name, depth = {}, ZERO
    for text in terms.depths:
        name, _, amount = text.rpartition("=")
        found = _above_zero("--depth", amount)
        if name:
            of_name[name] = found
        else:
            depth = found
    if not depth:
        raise InputError("--depth: expected the USD that move a price by 1%, for legs that are not named")
    return Books(_above_zero("--lot", terms.lot), depth, of_name)


def _above_zero(option: str, text: str) -> Fixed:
    try:
        found = Fixed.of(text)
    except FixedError as error:
        raise InputError(f"{option}: {error}") from error
    if found <= 0:
        raise InputError(f"{option}: expected a number above zero, found {text}")
    return found


def _answered(
    file: str, told: Told, given: ParameterSet, books: Books, rule: LiquidationRule, penalty_bps: int,
    auction: AuctionParameters | None, as_json: bool,
) -> bool:  # fmt: skip
    try:
        case = account_in(told, given)
        account, model = account_of(case, books), model_of(case)
        before = account.margin(model)
        unknown = set(books.of_name) - {leg.name for leg in account.legs}
        if unknown:
            raise LotError(f"--depth names {', '.join(sorted(unknown))}, which the account does not hold")
        found = plan(account, model, rule, penalty_bps)
    except (*CASE_FAULTS, LotError) as error:
        complain("liquidate", file, told, why(error))
        return False
    offers = schedule(auction, before) if auction else None
    (_print if as_json else _tell)(told.id, account, before, found, offers)
    return found.ended.value != "shortfall"


def _legs(account: Account, before: Margin) -> list[dict[str, object]]:
    return [
        {
            "leg": leg.name, "amount": leg.amount, "price": leg.price,
            "bankruptcy_price": bankruptcy_price(leg, before.mark_to_market),
        }
        for leg in account.legs
    ]  # fmt: skip


def _slices(account: Account, before: Margin, found: Plan) -> list[dict[str, object]]:
    lots, rows = {leg.name: leg.lot for leg in account.legs}, []
    for number, one in enumerate(found.slices, 1):
        freed = one.after.initial - before.initial
        rows.append({
            "slice": number, "closed": {name: lots[name] * count for name, count in one.traded.items()},
            "impact": one.impact, "frees_initial": freed,
            "freed_per_impact": freed / one.impact if one.impact else None, "initial_after": one.after.initial,
        })  # fmt: skip
        before = one.after
    return rows


def _print(name: str, account: Account, before: Margin, found: Plan, offers: Schedule | None) -> None:
    auction: Mapping[str, object] | None = None if offers is None else {
        "solvent": offers.is_solvent, "fee": offers.fee,
        "offers": [
            {"elapsed_s": one.elapsed_s, "discount": one.discount, "share": one.share, "bidder_pays": one.cash}
            for one in offers.offers
        ],
    }  # fmt: skip
    print_exact_json({
        "id": name, **of_margin(before), "legs": _legs(account, before),
        "slices": _slices(account, before, found), "ended": found.ended.value, "duration_s": found.duration_s,
        "auction": auction,
    })  # fmt: skip


def _tell(name: str, account: Account, before: Margin, found: Plan, offers: Schedule | None) -> None:
    print_line(
        f"{printable(name)}: net margins in USD: initial {usd(before.initial)}, maintenance {usd(before.maintenance)}; "
        f"mark-to-market {usd(before.mark_to_market)}"
    )
    rows = [_shown(row, ("price", "bankruptcy_price")) for row in _legs(account, before)]
    print_rows(_LEG_COLUMNS, rows, amounts=_LEG_COLUMNS[1:], as_json=False)
    money = ("impact", "frees_initial", "freed_per_impact", "initial_after")
    slices = [_shown(row, money) | {"closed": _trades(row["closed"])} for row in _slices(account, before, found)]
    if slices:
        print_rows(_SLICE_COLUMNS, slices, amounts=money, as_json=False)
    print_line(f"the plan ends {found.ended.value.replace('_', ' ')} after {found.duration_s} s")
    if offers is not None:
        kind = "solvent" if offers.is_solvent else "insolvent"
        print_line(f"by auction ({kind}; fee {usd(offers.fee, up=True)} USD), if nothing moves and nobody bids before:")
        print_rows(_OFFER_COLUMNS, [_offer(offers, row) for row in range(len(offers.offers))],
                   amounts=_OFFER_COLUMNS, as_json=False)  # fmt: skip


def _offer(offers: Schedule, place: int) -> Row:
    one = offers.offers[place]
    discount = "" if one.discount is None else f"{float(one.discount):.2%}"
    return {
        "after": f"{one.elapsed_s} s", "discount": discount, "share": f"{float(one.share):.2%}",
        "bidder_pays": usd(one.cash),
    }  # fmt: skip


def _shown(row: Mapping[str, object], money: Sequence[str]) -> dict[str, object]:
    return {key: usd(value) if key in money and isinstance(value, Fixed) else value for key, value in row.items()}


def _trades(closed: object) -> str:
    return ", ".join(f"{amount} {name}" for name, amount in closed.items()) if isinstance(closed, Mapping) else ""
