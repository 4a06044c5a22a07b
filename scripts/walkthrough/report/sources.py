"""What the run rests on: the acts, the events with source and confidence, the assumptions, and how to repeat it."""

from typing import Any

from scripts.walkthrough.report.figures import Result, stamp
from scripts.walkthrough.report.markup import Html, element, part
from scripts.walkthrough.report.timeline import SURE

CONFIDENCE = {
    "P": "official or primary document",
    "C": "computed for this project from hourly bars",
    "S": "secondary press",
    "W": "weak: automatic text, repost, unverifiable",
    "A": "assumption",
}

DEFAULT = "feb_2026"


def acts(result: Result) -> Html:
    """The acts by number, as the bands of the pictures show them."""
    told = [element("li", element("b", act["title"]), " ", element("span", stamp(act["at"]))) for act in result["acts"]]
    return element("ol", *told, class_="acts")


def confidence_key(result: Result) -> Html:
    """What the letters and the look of marks mean; only letters that occur."""
    used = {event["confidence"] for event in result["events"]}
    letters = [*(letter for letter in CONFIDENCE if letter in used), *sorted(used - CONFIDENCE.keys())]
    entries = []
    for letter in letters:
        dot = element("i", letter, class_=f"event {SURE.get(letter, 'weak')}")
        entries.append(element("span", dot, " ", CONFIDENCE.get(letter, "not explained")))
    return element(
        "p", "Numbers under the picture are events, in the table below. Confidence: ", *entries, class_="key"
    )


def event_table(result: Result) -> Html:
    """All events in the order of the result, each with its figure, source and confidence."""
    heads = ("", "time, UTC", "event", "figure", "source", "confidence")
    head = part("tr", *(part("th", name, scope="col") for name in heads))
    rows = [_event(n, event) for n, event in enumerate(result["events"], start=1)]
    if not rows:
        return element("p", "The scenario has no events.", class_="quiet")
    return part("table", part("thead", head), part("tbody", *rows), class_="events")


def _event(n: int, event: dict[str, Any]) -> Html:
    letter = event["confidence"]
    meaning = CONFIDENCE.get(letter, "not explained")
    return part(
        "tr",
        part("td", str(n), class_="n"),
        part("td", stamp(event["at"]), class_="when"),
        part("td", element("b", event["title"]), element("p", event["text"])),
        part("td", event["figure"], class_="figure"),
        part("td", *_breakable(event["source"]), class_="source"),
        part("td", element("abbr", letter, title=meaning, class_=f"event {SURE.get(letter, 'weak')}")),
        id=f"event-{n}",
    )


def _breakable(address: str) -> list[str]:
    """An address that may be broken after its slashes."""
    first, *rest = address.split("/")
    return [first, *(part for each in rest for part in ("/", element("wbr"), each))]


def assumptions(result: Result) -> Html:
    """The result's own list."""
    return element("ul", *(element("li", str(said)) for said in result["assumptions"]), class_="plain")


def repeat(result: Result) -> Html:
    """Seed and command; the same seed gives the same bytes."""
    name, candles = result["scenario"]["name"], [str(file) for file in result["candles"]]
    command = f"python3 scripts/crash_day.py --seed {result['seed']}"
    command += "" if name == DEFAULT else f" --scenario {name}"
    command += "".join(f" --candles {file}" for file in candles) + " --out DIR"
    prices = (
        f"Prices are replayed from {', '.join(candles)} where these have them, and drawn elsewhere."
        if candles
        else "Prices between stated figures are drawn by the seed."
    )
    return element(
        "div",
        element("pre", element("code", command)),
        element(
            "p",
            f"Seed {result['seed']}. {prices} The same command writes the same report.html, transcript.txt and "
            "result.json to the byte; beside them it leaves the ledger of each regime, with every posting.",
        ),
    )
