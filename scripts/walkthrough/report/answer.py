"""The answer in one sentence, whichever way it falls, and the list of all in which segregation did worse."""

import re

from scripts.walkthrough.report.figures import Result, borne_by_others, money, short, total
from scripts.walkthrough.report.markup import Html, element, joined

SUM = re.compile(r"(\$[\d,]*\d)")


def answer(result: Result) -> str:
    """What segregation changed: collateral within reach at the low, then losses that fell on others."""
    reach_sign, reach = _reach(result)
    loss_sign, loss = _loss(result)
    return f"{reach}, {'but' if reach_sign * loss_sign < 0 else 'and'} {loss}."


def _reach(result: Result) -> tuple[int, str]:
    """The sentence on reach, and whether it speaks for (1) or against (-1) segregation or for neither (0)."""
    pooled, segregated = (total(result, regime, "reachable_at_low_units") for regime in ("pooled", "segregated"))
    if segregated == pooled:
        return 0, f"Pooled or segregated, clients could reach {short(pooled)} of collateral at the low"
    verb = "kept" if segregated > pooled else "left only"
    sentence = f"Segregation {verb} {short(segregated)} of collateral within clients’ reach at the low"
    return (1 if segregated > pooled else -1), f"{sentence}, against {short(pooled)} pooled"


def _loss(result: Result) -> tuple[int, str]:
    pooled, segregated = (borne_by_others(result, regime) for regime in ("pooled", "segregated"))
    if pooled == segregated == 0:
        return 0, "under neither did anyone bear another’s loss"
    if pooled == segregated:
        return 0, f"others had {short(pooled)} of losses to bear either way"
    if segregated > pooled:
        return -1, f"left others to bear {short(segregated)} of losses, against {short(pooled)}"
    return 1, f"left others only {short(segregated)} of losses to bear, against {short(pooled)}"


def more(result: Result) -> Html:
    """The sentences under the answer."""

    def pair(name: str) -> tuple[str, str]:
        return money(total(result, "segregated", name)), money(total(result, "pooled", name))

    worth, sales, fees = pair("worth_units"), pair("liquidated_units"), pair("fees_units")
    return element(
        "p",
        f"Clients ended with {worth[0]} segregated and {worth[1]} pooled; {sales[0]} was sold by force against "
        f"{sales[1]}; custody fees came to {fees[0]} against {fees[1]}. Same people, prices, margin rules and seed: "
        "the only difference is where collateral stands and who bears what.",
        class_="standfirst",
    )


def worse(result: Result) -> Html:
    """The result's own sentences, in its order: first those about the whole, then those about one client."""
    found = result["worse_when_segregated"]
    if not found:
        return element("p", "In no figure that is compared here.", class_="quiet")
    overall = [one["text"] for one in found if not one["subject"]]
    of_clients = [one["text"] for one in found if one["subject"]]
    return element(
        "div",
        _list("For the market as a whole", overall, "overall"),
        _list("For single clients", of_clients),
        class_="grid two",
    )


def _list(heading: str, sentences: list[str], class_: str | None = None) -> Html:
    if not sentences:
        return Html("")
    return element(
        "div", element("h3", heading), element("ul", *(element("li", _strong(s)) for s in sentences), class_=class_)
    )


def _strong(sentence: str) -> Html:
    """The sentence with its first sum made to stand out."""
    before, *rest = SUM.split(sentence, maxsplit=1)
    return joined([before, element("b", rest[0]), rest[1]]) if rest else joined([before])
