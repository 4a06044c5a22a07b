"""`bulkhead collateral schedule`: the terms of every asset, its price sources, and where they come from."""

from collections.abc import Sequence

from custody.collateral import Eligible
from custody.money import MAX_UNITS
from custody.prices import PriceRule
from settlement.commands.appraisal_input import editions_in
from settlement.commands.printing import Row, date, print_json, print_line, print_rows, printable
from settlement.commands.running import DONE


def terms(schedules: Sequence[str], as_json: bool) -> int:
    """The editions' terms, asset by asset. InputError for a schedule that cannot be read or announced."""
    for edition in editions_in(schedules):
        if as_json:
            dates = {name: getattr(edition, name) for name in ("announced_at_s", "effective_at_s", "notice_s")}
            for eligible in edition.schedule.values():
                print_json(dates | {"substitution_s": edition.substitution_s} | _terms(eligible))
            continue
        print_line(
            f"announced {date(edition.announced_at_s)}, in force from {date(edition.effective_at_s)}; changes are "
            f"announced {edition.notice_s} s ahead, and what stops counting can be substituted for "
            f"{edition.substitution_s} s"
        )
        columns = ("asset", "haircut", "most", "most_share", "price")
        rows = [_terms_for_people(eligible) for eligible in edition.schedule.values()]
        print_rows(columns, rows, amounts=columns[1:4], as_json=False)
        for eligible in edition.schedule.values():
            print_line(printable(f"{eligible.asset.symbol}: {eligible.basis}"))
    return DONE


def _terms(eligible: Eligible) -> dict[str, object]:
    rule = eligible.price
    return {
        "asset": eligible.asset.symbol,
        "scale": eligible.asset.scale,
        "haircut_bps": eligible.haircut_bps,
        "most_units": None if eligible.most_units == MAX_UNITS else str(eligible.most_units),
        "most_share_bps": eligible.most_share_bps,
        "sources": {source.name: source.books for source in rule.sources} if rule else {},
        "least_sources": rule.least_sources if rule else None,
        "faulty_sources": rule.faulty_sources if rule else None,
        "max_age_s": rule.max_age_s if rule else None,
        "max_spread_bps": rule.max_spread_bps if rule else None,
        "basis": eligible.basis,
    }


def _terms_for_people(eligible: Eligible) -> Row:
    asset = eligible.asset
    return {
        "asset": asset.symbol,
        "haircut": percent(eligible.haircut_bps),
        "most": "" if eligible.most_units == MAX_UNITS else asset.format(eligible.most_units),
        "most_share": percent(eligible.most_share_bps),
        "price": _price(eligible.price) if eligible.price else "at par",
    }


def _price(rule: PriceRule) -> str:
    names = ", ".join(source.name for source in rule.sources)
    return (
        f"{rule.least_sources} of {names}; {rule.faulty_sources} may lie, the others within "
        f"{percent(rule.max_spread_bps)}; {rule.max_age_s} s old at most"
    )


def percent(bps: int) -> str:
    """Basis points as people write them, "12.50%"."""
    return f"{bps // 100}.{bps % 100:02}%"
