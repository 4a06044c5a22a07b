"""The report: whole, self-contained, equal to its result in every figure, standing where there is little to draw."""

import copy
import json
import math
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.walkthrough.report import page

VOID = {"meta", "link", "wbr"}
START_S = 1_769_731_200  # 30 January 2026, 00:00 UTC
HOURS = 48
DAYS = ("2026-01-30T00:00:00Z", "2026-01-31T00:00:00Z")
WORSE = {
    "": "custody fees: $9,839 more were paid",
    "silver_fund": "silver_fund ends with $56,511 less (unpaid gains $1)",
}
CLIENTS = {"silver_fund": "long silver", "commodity_house": "physical silver, hedged", "credit_fund": "cash"}
BORNE = {
    "pooled": {"auto-deleveraged: commodity_house": "379800000000"},
    "segregated": {
        "unpaid to: commodity_house": "697553626564",
        "paid: venue capital": "1000000000000",
        "paid: fund behind defaults": "2105146562000",
    },
}
TOTALS: dict[str, dict[str, int | str]] = {
    "pooled": {
        "calls": 43,
        "reachable_at_low_units": "102551876431399",
        "worth_units": "195827135824218",
        "fees_units": 0,
    },
    "segregated": {
        "calls": 41,
        "reachable_at_low_units": "192465467333571",
        "worth_units": 0,
        "fees_units": "9838946800",
    },
}


def crash(hours: int = HOURS) -> dict[str, Any]:
    """A small result of the shape that the run writes."""
    return {
        "schema": 1,
        "scenario": {"name": "feb_2026", "title": "A crash", "start": DAYS[0], "end": "2026-02-01T00:00:00Z"},
        "seed": 2026,
        "low": {"at": "2026-02-06T00:20:00Z", "btc": "60000000000"},
        "candles": [],
        "worse_when_segregated": [{"subject": subject, "units": 1, "text": text} for subject, text in WORSE.items()],
        "regimes": {regime: regime_of(regime) for regime in ("pooled", "segregated")},
        "clients": [{"name": name, "what": what} for name, what in CLIENTS.items()],
        "acts": [{"at": at, "title": title} for at, title in zip(DAYS, ("Silver breaks", "A weekend"), strict=True)],
        "events": [event(hour, letter) for hour, letter in ((1, "P"), (2, "S"), (2, "C"), (30, "W"), (40, "A"))],
        "assumptions": ["one unit is one dollar"],
        "series": {
            "times_s": [START_S + 3_600 * hour for hour in range(hours)],
            "prices": {asset: [100.0 + (7 * hour) % 13 for hour in range(hours)] for asset in ("BTC", "XAG", "NDX")},
            "regimes": {regime: readings(hours, gap) for regime, gap in (("pooled", 0), ("segregated", 4_000))},
        },
    }  # fmt: skip


def event(hour: int, letter: str) -> dict[str, str]:
    at = f"2026-01-{30 + hour // 24}T{hour % 24:02}:00:00Z"
    told = {"title": f"Event of {hour}", "text": "What it was.", "figure": "−31.4%", "source": "press.example/a/b"}
    return {"at": at, "kind": "news", "confidence": letter, **told}


def regime_of(regime: str) -> dict[str, Any]:
    worth = {"pooled": "5000000000000", "segregated": "4000000000000"}[regime]
    account = {"worth_units": worth, "calls": 1, "liquidations": 0, "fees_units": 0, "breached": True}
    call = {"at": "2026-01-30T05:00:00Z", "party": "silver_fund", "venue": "halyard"}
    return {
        "totals": TOTALS[regime],
        "borne_units": BORNE[regime],
        "gas": {},
        "clients": {name: {**account, "breached": name != "credit_fund"} for name in CLIENTS},
        "happenings": [
            {**call, "kind": "call_opened", "facts": {"amount_units": "1925364060000"}},
            {**call, "kind": "gain_unpaid", "facts": {"units": 5_000_000}},
            {**call, "kind": "receipt", "facts": {}},
        ],
    }


def readings(hours: int, gap: int) -> dict[str, Any]:
    line = [9_000 - 300 * hour + gap * (hour > 20) for hour in range(hours)]
    by_client = dict.fromkeys(CLIENTS, line)
    return {
        "unit": "thousands of dollars",
        "equity": by_client,
        "maintenance": by_client,
        "reachable": [100_000 + gap] * hours,
        "unsettled": [abs(value) for value in line],
    }


class Page(HTMLParser):
    """A page taken apart: open tags, attributes of every element, text outside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "svg":
            self.frame = {name: value or "" for name, value in attrs}
        self.elements.append((tag, {name: value or "" for name, value in attrs}, getattr(self, "frame", {})))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes, _ in self.elements if name in attributes]


def outside(told: Page) -> list[str]:
    """Coordinates that leave the box of their picture."""
    found = []
    across = {"x": 0, "x1": 0, "x2": 0, "cx": 0, "y": 1, "y1": 1, "y2": 1, "cy": 1}
    for tag, attributes, frame in told.elements:
        if tag not in ("path", "line", "circle", "rect", "text"):
            continue
        size = [float(edge) for edge in frame["viewbox"].split()[2:]]
        numbers = [float(each) for each in re.findall(r"-?[\d.]+", attributes.get("d", ""))]
        places = [(value, n % 2) for n, value in enumerate(numbers)]
        places += [(float(attributes[name]), axis) for name, axis in across.items() if name in attributes]
        if tag == "rect":
            places += [
                (float(attributes[a]) + float(attributes[b]), n)
                for n, (a, b) in enumerate((("x", "width"), ("y", "height")))
            ]
        found += [f"{tag} {value} of {size[axis]}" for value, axis in places if not -0.06 <= value <= size[axis] + 0.06]
    return found


def without(*path: str, value: Any) -> dict[str, Any]:
    """The result with one part of it replaced."""
    changed = copy.deepcopy(crash())
    part = changed
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return changed


NOTHING_BORNE = crash()
for _regime in NOTHING_BORNE["regimes"].values():
    _regime["borne_units"] = {}

THIN = {
    "whole": crash(),
    "one hour": crash(1),
    "no hour at all": crash(0),
    "no events": without("events", value=[]),
    "no acts": without("acts", value=[]),
    "no loss": NOTHING_BORNE,
    "no clients": without("clients", value=[]),
    "nothing worse": without("worse_when_segregated", value=[]),
    "no prices": without("series", "prices", value={}),
    "no totals": without("regimes", "pooled", "totals", value={}),
    "a strange total": without(
        "regimes", "pooled", "totals", value={"haste_units": "12000000", "odd": {"a": 1}, "yes": True}
    ),
}


@pytest.mark.parametrize("name", THIN)
def test_page_is_whole_and_stays_inside_its_pictures(name: str) -> None:
    told = Page(page(THIN[name]))
    assert told.open == []
    assert outside(told) == []
    assert [n for n, count in Counter(told.all("id")).items() if count > 1] == []
    within = {href.removeprefix("#") for href in told.all("href") if href.startswith("#")}
    assert within <= set(told.all("id"))
    assert not re.search(r"\b(nan|inf)\b", told.text)


def test_page_loads_nothing() -> None:
    text = page(crash())
    told = Page(text)
    assert set(told.all("src")) == set()
    assert {href for href in told.all("href") if not href.startswith("#")} == {"data:,"}
    assert "http:" not in text
    assert "https:" not in text
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|WebSocket|\bimport\b", text)
    assert any("default-src 'none'" in content for content in told.all("content"))


def test_hostile_text_stays_text() -> None:
    hostile = """</script></style><img src=x onerror="alert('1')">&amp;"""
    result = json.loads(json.dumps(crash()).replace("silver_fund", json.dumps(hostile)[1:-1]))
    for place in ("events", "acts"):
        for row in result[place]:
            row |= {name: hostile for name in ("title", "text", "figure", "source", "confidence") if name in row}
    result["assumptions"] = result["candles"] = [hostile]
    result["worse_when_segregated"] = [{"subject": hostile, "units": 1, "text": hostile}]
    result["scenario"]["title"] = result["scenario"]["name"] = hostile
    for regime in result["regimes"].values():
        regime["borne_units"] = {f"paid: {hostile}": 5_000_000}
    told = Page(page(result))
    tags = Counter(tag for tag, *_ in told.elements)
    assert (tags["script"], tags["style"], tags["img"]) == (2, 1, 0)
    assert told.open == []
    assert not told.all("onerror")
    assert told.text.count("onerror=") > 10


def test_clients_payers_and_figures_are_those_of_the_result() -> None:
    told = Page(page(crash())).text
    for name in [*CLIENTS, *CLIENTS.values(), *(who for by in BORNE.values() for who in by)]:
        assert name in told
    for figure in ("$102,551,876", "$192,465,467", "$195,827,136", "$9,839", "$379,800", "$697,554", "$2,105,147"):
        assert figure in told
    assert "$3,802,700 fell on others when segregated, $379,800 when pooled" in told


def test_rows_say_who_did_worse_and_by_how_much() -> None:
    told = Page(page(crash())).text
    assert "margin calls 43 41 pooled" in told
    assert "custody fees $0 $9,839 segregated" in told
    assert "at the low $102,551,876 $192,465,467 pooled" in told
    assert "silver_fund long silver $5,000,000 $4,000,000 −$1,000,000 −20.0% 1 · 1 0 · 0 $0 both" in told


def test_prices_are_indexed_to_the_first() -> None:
    assert "BTC ends at 104.0" in Page(page(crash())).text


def test_waterfall_steps_down_to_nothing() -> None:
    told = Page(page(crash()))
    within = [(a, frame) for tag, a, frame in told.elements if tag == "rect" and a.get("class", "").startswith("bar ")]
    steps_down = [a for a, frame in within if frame.get("aria-labelledby") == "waterfall-segregated-title"]
    assert [a["class"] for a in steps_down] == ["bar segregated", "bar paid", "bar paid", "bar unpaid"]
    left = [float(a["x"]) for a in steps_down]
    right = [float(a["x"]) + float(a["width"]) for a in steps_down]
    assert right[1] == pytest.approx(right[0], abs=0.2)
    assert right[2:] == pytest.approx(left[1:3], abs=0.2)
    assert left[3] == left[0]


def test_marks_are_those_of_the_client() -> None:
    told = Page(page(crash()))
    calls = [
        frame.get("aria-labelledby", "key") for _, a, frame in told.elements if a.get("class", "").startswith("call ")
    ]
    assert Counter(calls) == {"key": 1, "margin-1-title": 2}


def test_events_do_not_cover_one_another_in_whatever_order_they_come() -> None:
    backwards = without("events", value=crash()["events"][::-1])
    places = []
    for result in (crash(), backwards):
        marks = [a for tag, a, _ in Page(page(result)).elements if tag == "circle" and a["class"].startswith("event ")]
        places.append({(float(a["cx"]), float(a["cy"]), float(a["r"])) for a in marks[: len(result["events"])]})
    assert all(math.dist(p[:2], q[:2]) >= 2 * p[2] for p, q in combinations(places[0], 2))
    assert len(places[0]) == len(crash()["events"])
    assert places[0] == places[1]


def test_regimes_share_a_line_until_they_part() -> None:
    told = Page(page(crash()))
    panel = [a for tag, a, frame in told.elements if tag == "path" and frame.get("aria-labelledby") == "margin-1-title"]
    first = {a["class"]: float(a["d"][1:].split(",")[0]) for a in panel if "equity" in a["class"]}
    assert first["line equity same"] < first["line equity pooled"] == first["line equity segregated"]


def test_worse_comes_before_everything_else_and_keeps_its_sentences() -> None:
    told = Page(page(crash()))
    sections = [attributes["id"] for tag, attributes, _ in told.elements if tag == "section"]
    assert sections[:3] == ["worse", "beside", "prices"]
    assert sections[-3:] == ["events", "assumptions", "repeat"]
    for sentence in WORSE.values():
        assert sentence in told.text


def test_equal_results_give_equal_bytes() -> None:
    result = crash()
    backwards = json.loads(json.dumps(result), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert page(backwards) == page(result) == page(crash())


def test_amounts_may_be_text_or_numbers() -> None:
    assert page(without("regimes", "pooled", "totals", "worth_units", value=195827135824218)) == page(crash())


def test_a_total_without_a_label_is_shown_by_its_name() -> None:
    assert "haste $12 $0" in Page(page(THIN["a strange total"])).text


@given(st.data())
def test_any_series_stays_inside_its_pictures(data: st.DataObject) -> None:
    hours, result = data.draw(st.integers(1, 5)), crash()
    values = st.lists(st.integers(-(10**9), 10**9), min_size=hours, max_size=hours)
    series = result["series"]
    series["times_s"] = series["times_s"][:hours]
    series["prices"] = {"BTC": [abs(value) + 1.0 for value in data.draw(values)]}
    for regime in series["regimes"].values():
        regime["equity"], regime["maintenance"] = {"silver_fund": data.draw(values)}, {"silver_fund": data.draw(values)}
        regime["reachable"], regime["unsettled"] = ([abs(value) for value in data.draw(values)] for _ in range(2))
    assert outside(Page(page(result))) == []


def test_a_stray_coordinate_would_be_noticed() -> None:
    assert outside(Page('<svg viewBox="0 0 10 10"><path d="M0,0 11,5"></path></svg>')) == ["path 11.0 of 10.0"]
