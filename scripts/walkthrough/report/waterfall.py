"""Who bore the losses beyond collateral: the whole loss, and under it every payer's step down to nothing."""

from scripts.walkthrough.report.drawing import Scale, picture, rule, text
from scripts.walkthrough.report.figures import REGIMES, Result, borne, money
from scripts.walkthrough.report.markup import Html, element
from scripts.walkthrough.report.reading import folded

WIDTH, ROW, BAR = 400.0, 44.0, 14.0

MANNERS = {"paid": "paid", "auto-deleveraged": "deleveraged", "socialised": "deleveraged", "unpaid to": "unpaid"}
"""How a name in the result begins, and the colour of that manner of bearing a loss; in the order of the waterfall."""

FIRST = ("paid: own reserve", "paid: insurance fund", "paid: fund behind defaults", "paid: venue capital")
"""Payers whose turn is known; others follow by manner, the largest first."""


def steps(told: dict[str, int]) -> list[tuple[str, str, int]]:
    """Payers in the order of the waterfall: name, colour of its manner, 1e-6 USD."""
    manners = list(MANNERS)

    def turn(item: tuple[str, int]) -> tuple[int, int, int, str]:
        who, amount = item
        manner = who.partition(":")[0]
        by_manner = manners.index(manner) if manner in manners else len(manners)
        return by_manner, FIRST.index(who) if who in FIRST else len(FIRST), -amount, who

    return [
        (who, MANNERS.get(who.partition(":")[0], "other"), amount) for who, amount in sorted(told.items(), key=turn)
    ]


def waterfalls(result: Result) -> Html:
    """Both regimes side by side, to one scale."""
    largest = max(sum(borne(result, regime).values()) for regime in REGIMES)
    return element("div", *(_figure(result, regime, largest) for regime in REGIMES), class_="grid two")


def _figure(result: Result, regime: str, largest: int) -> Html:
    told = steps(borne(result, regime))
    caption = element("figcaption", element("b", regime.capitalize(), class_=regime))
    if not told:
        return element("figure", caption, element("p", "No loss went beyond a client's collateral.", class_="quiet"))
    return element("figure", caption, _picture(told, regime, largest))


def _picture(told: list[tuple[str, str, int]], regime: str, largest: int) -> Html:
    whole, scale = sum(amount for *_, amount in told), Scale(0, largest, 1, WIDTH - 1)
    rows = [_row(0, "losses beyond collateral", whole, (0, whole), regime, scale)]
    left = whole
    for n, (who, manner, amount) in enumerate(told, start=1):
        # The step hangs from where the one before it ended.
        x, above = scale.at(left), (n - 1) * ROW + 18 + BAR
        rows.append(rule(x, above, x, above + ROW - BAR, "hang"))
        rows.append(_row(n, who, amount, (left - amount, left), manner, scale))
        left -= amount
    about = "; ".join(f"{who} {money(amount)}" for who, _, amount in told)
    height = ROW * (len(told) + 1)
    return picture(f"waterfall-{regime}", WIDTH, height, f"Who bore {money(whole)}, {regime}", about, *rows)


def _row(n: int, who: str, amount: int, span: tuple[int, int], class_: str, scale: Scale) -> Html:
    top, left = n * ROW, scale.at(span[0])
    return element(
        "g",
        text(1.0, top + 12, who, "payer"),
        text(WIDTH - 1, top + 12, money(amount), "sum", "end"),
        element("title", f"{who}: {money(amount)}"),
        element(
            "rect", x=left, y=top + 18, width=max(scale.at(span[1]) - left, 1.0), height=BAR, class_=f"bar {class_}"
        ),
    )


def bearer_table(result: Result) -> Html:
    """The same figures by name, both regimes beside one another."""
    by = [borne(result, regime) for regime in REGIMES]
    names = [who for who, *_ in steps({**by[0], **by[1]})]
    return folded("The figures", ["", *REGIMES], [[who, *(money(each.get(who, 0)) for each in by)] for who in names])


def manners() -> Html:
    """What the colours of the steps mean."""
    told = (
        ("paid", "paid by a fund, a venue or the client’s own reserve"),
        ("deleveraged", "forgone by auto-deleveraging"),
        ("unpaid", "left unpaid to those who gained"),
    )
    entries = (element("span", element("i", class_=class_), words) for class_, words in told)
    return element("p", *entries, class_="swatches manners")
