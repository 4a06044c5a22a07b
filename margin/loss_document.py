"""A loss's surroundings as JSON has them: who can pay how much, and whose winnings stand against it.

Amounts are whole units of the settlement asset. A field that is not known is refused: a purse that is misspelt would be
an empty one.
"""

from typing import Any

from margin.absorption import Purses
from margin.adl import Candidate
from margin.default_waterfall import Means
from margin.insurance_fund import Balance
from margin.reading import Place, read

_FIELDS = ("purses", "fund", "now_s", "gains", "candidates", "long_winners", "claims")
_SINGLE = tuple(str(means) for means in Means if means.of_one_payer)


def purses_of(document: Any) -> Purses:
    """`purses` by what pays (what an insurance fund holds now, too, where `fund` does not say its history), `gains` and
    `claims` by party, `candidates` for deleveraging, `long_winners`. DocumentError names the field's path.
    """
    place = Place(document, only_known=True)
    place.knows(_FIELDS)
    means = {Means(name): units for name, units in _units_by_name(place, "purses", _SINGLE).items()}
    now, candidates, side = place.get("now_s"), place.get("candidates"), place.get("long_winners")
    now_s = now.seconds() if now else 0
    return Purses(
        of_means={one: units for one, units in means.items() if one is not Means.INSURANCE_FUND},
        gains=_units_by_name(place, "gains"),
        fund=_fund(place, now_s, means.get(Means.INSURANCE_FUND)),
        now_s=now_s,
        candidates=candidates_of(candidates) if candidates else (),
        long_winners=side.flag() if side else False,
        claims=_units_by_name(place, "claims"),
    )


def candidates_of(place: Place) -> tuple[Candidate, ...]:
    """Holders of the opposite side: `party`, `lots`, `profit_units`, `equity_units`, `notional_units` (above 0)."""
    found = []
    for one in place.each():
        one["notional_units"].above_zero()
        one["lots"].from_zero()
        found.append(read(Candidate, one))
    return tuple(found)


def _fund(place: Place, now_s: int, holds: int | None) -> tuple[Balance, ...]:
    told = place.get("fund")
    if told is None:
        return () if holds is None else (Balance(now_s, holds),)
    if holds is not None:
        told.wrong("has a history, so purses says nothing of an insurance fund")
    history = tuple(read(Balance, one) for one in told.each())
    if list(history) != sorted(history, key=lambda one: one.at_s):
        told.wrong("is in the order of time")
    return history


def _units_by_name(place: Place, key: str, known: tuple[str, ...] = ()) -> dict[str, int]:
    """Whole units, none below zero; {} where the field is missing."""
    table = place.get(key)
    if table is None:
        return {}
    if known:
        table.knows(known)
    return {name: _whole_from_zero(one) for name, one in table.items()}


def _whole_from_zero(place: Place) -> int:
    place.from_zero()
    return place.whole()
