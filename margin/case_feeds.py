"""What the feeds and the portfolio of a case say (specs/derive_margin.md §14): a market, and what is held of it.

Times to expiry are seconds; where a case has moments instead, `now_s` is given, and what is past has 0 s left.
"""

from margin.fixed import ONE, ZERO, Fixed
from margin.marks import Expiry, Mark, Market, Quotes, Surface
from margin.positions import Collateral, Future, Holdings, Option
from margin.reading import Place, read
from margin.svi import Svi


def market_of(place: Place, now_s: int | None = None) -> Market:
    """The feeds of one underlying."""
    expiries: dict[int, Expiry] = {}
    for one in place["expiries"].each():
        expiry = _expiry(one, now_s)
        if expiry.seconds in expiries:
            one.wrong(f"is the second with {expiry.seconds} s to expiry")
        expiries[expiry.seconds] = expiry
    return Market(
        Mark(place["spot"].from_zero(), place["spot_confidence"].share()),
        Mark(place["perp_price"].from_zero(), place["perp_confidence"].share()),
        expiries,
    )


def _expiry(place: Place, now_s: int | None) -> Expiry:
    """Standard margin has one forward and no rate, the portfolio models a forward of two parts."""
    whole = place.get("forward")
    return Expiry(
        _seconds(place, now_s),
        whole.from_zero() if whole else place["forward_variable"].from_zero(),
        _surface(place),
        ZERO if whole else place["forward_fixed"].from_zero(),
        _or(place, "rate", ZERO) if whole else place["rate"].fixed(),
        place["forward_confidence"].share(),
        place["rate_confidence"].share() if place.get("rate_confidence") or not whole else ONE,
        place["vol_confidence"].share(),
    )


def _seconds(place: Place, now_s: int | None) -> int:
    if now_s is None:
        return place["sec_to_expiry"].seconds()
    return max(0, place["expiry"].whole() - now_s)


def _surface(place: Place) -> Surface:
    svi = place.get("svi")
    if svi is not None:
        return read(Svi, svi)
    quotes: dict[Fixed, Fixed] = {}
    for one in place["vols"].each():
        strike, volatility = one["strike"].from_zero(), one["vol"].from_zero()
        if quotes.setdefault(strike, volatility) != volatility:
            one.wrong(f"is a second volatility of strike {strike}")
    return Quotes(quotes)


def holdings_of(place: Place, now_s: int | None = None) -> Holdings:
    """The positions in one underlying."""
    options, collaterals = place.get("options"), place.get("collaterals")
    base, futures = place.get("base"), place.get("futures")
    return Holdings(
        _or(place, "perp", ZERO),
        _or(place, "perp_unsettled_cash", ZERO),
        ZERO if base is None else base.from_zero(),
        netted([_option(one, now_s) for one in options.each()] if options else []),
        tuple(_collateral(one) for one in collaterals.each()) if collaterals else (),
        dated_futures([_future(one, now_s) for one in futures.each()] if futures else []),
    )


def _option(place: Place, now_s: int | None) -> Option:
    return Option(_seconds(place, now_s), place["strike"].from_zero(), place["is_call"].flag(), place["amount"].fixed())


def _future(place: Place, now_s: int | None) -> Future:
    return Future(_seconds(place, now_s), place["amount"].fixed(), _or(place, "unsettled_cash", ZERO))


def dated_futures(futures: list[Future]) -> tuple[Future, ...]:
    """Futures of one expiry are one position; what one of nothing has not settled counts no more."""
    by_expiry: dict[int, Future] = {}
    for one in futures:
        had = by_expiry.get(one.seconds, Future(one.seconds, ZERO))
        by_expiry[one.seconds] = Future(one.seconds, had.amount + one.amount, had.unsettled + one.unsettled)
    return tuple(one for one in by_expiry.values() if one.amount)


def _collateral(place: Place) -> Collateral:
    place["price"].from_zero()
    place["confidence"].share()
    return read(Collateral, place)


def netted(options: list[Option]) -> tuple[Option, ...]:
    """An option that is listed twice is one position; one of nothing is none."""
    amounts: dict[tuple[int, Fixed, bool], Fixed] = {}
    for one in options:
        key = one.seconds, one.strike, one.is_call
        amounts[key] = amounts.get(key, ZERO) + one.amount
    return tuple(Option(*key, amount) for key, amount in amounts.items() if amount)


def _or(place: Place, key: str, default: Fixed) -> Fixed:
    found = place.get(key)
    return default if found is None else found.fixed()
