"""The page, section by section: the answer, where segregation did worse, then everything that led there."""

from scripts.walkthrough.report import answer, charts, sources
from scripts.walkthrough.report.clients import client_table
from scripts.walkthrough.report.comparison import side_by_side
from scripts.walkthrough.report.crosshair import SCRIPT
from scripts.walkthrough.report.figures import REGIMES, Result, borne_by_others, money, stamp, total
from scripts.walkthrough.report.margins import key, least_table, panels
from scripts.walkthrough.report.markup import Html, element
from scripts.walkthrough.report.others import others_table
from scripts.walkthrough.report.reading import in_dollars, series, table
from scripts.walkthrough.report.style import STYLE
from scripts.walkthrough.report.waterfall import bearer_table, manners, waterfalls

# Nothing may be loaded, from anywhere: the browser itself is told to refuse.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def page(result: Result) -> str:
    """The whole HTML page for a result; equal results give equal bytes.

    Raises KeyError where a part of the result is missing; parts that it does not know are left alone.
    """
    title = result["scenario"]["title"]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("link", rel="icon", href="data:,"),
        element("title", f"{title}: pooled and segregated custody"),
        element("style", Html(STYLE)),
    )
    scripts = (series(result, charts.ASSETS), element("script", Html(SCRIPT)))
    body = element("body", _header(result), element("main", *_sections(result)), _footer(result), *scripts)
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


REGIME_WORDS = {
    "pooled": "claims stand in the venue’s omnibus account; the venue alone can move them.",
    "segregated": "each client’s collateral stands in its own compartment at the custodian; venues see a mirror of it.",
}


def _header(result: Result) -> Html:
    named = (
        element("li", element("b", regime.capitalize()), ": ", element("span", words), class_=regime)
        for regime, words in REGIME_WORDS.items()
    )
    return element(
        "header",
        element("p", result["scenario"]["title"], class_="kicker"),
        element("h1", answer.answer(result)),
        answer.more(result),
        element("ul", *named, class_="regimes"),
        element(
            "nav",
            *(element("a", heading, href=f"#{name}") for name, heading in HEADINGS.items()),
            aria_label="Sections",
        ),
    )


HEADINGS = {
    "worse": "Where segregation did worse",
    "beside": "Side by side",
    "prices": "Prices",
    "margin": "Margin",
    "reach": "Within reach",
    "unsettled": "Unsettled gains",
    "losses": "Who bore the losses",
    "clients": "Client by client",
    "others": "Everybody else",
    "events": "What happened",
    "assumptions": "Assumptions",
    "repeat": "How to repeat it",
}


def _sections(result: Result) -> list[Html]:
    return [
        _section("worse", "", answer.worse(result)),
        _section(
            "beside",
            "Every total of the run, under both regimes, and which of them did worse by it.",
            side_by_side(result),
        ),
        _prices(result),
        _section("margin", MARGIN_LEAD, key(), panels(result), least_table(result)),
        _reach(result),
        _unsettled(result),
        _losses(result),
        _section(
            "clients",
            "Worth of all collateral, at venues and in reserve, at the last prices. Calls and liquidations are pooled "
            "· segregated. Involved is who was called or liquidated, and under which regime.",
            client_table(result),
        ),
        _section(
            "others",
            "Accounts simulated with the contagion engine over thirty hours around the low, one draw a regime. "
            "What their forced orders add to prices is in every picture above.",
            others_table(result),
        ),
        _section("events", "The event as it is given to the run, with what it rests on.", sources.event_table(result)),
        _section("assumptions", "", sources.assumptions(result)),
        _section("repeat", "", sources.repeat(result)),
    ]


def _section(name: str, lead: str, *parts: Html) -> Html:
    said = element("p", lead, class_="lead") if lead else Html("")
    return element("section", element("h2", HEADINGS[name]), said, *parts, id=name)


MARGIN_LEAD = (
    "Equity over both venues against maintenance margin, hourly, every client to a scale of its own. "
    "Where the regimes agree there is one dark line. Marks under a picture: pooled above, segregated below."
)


def _prices(result: Result) -> Html:
    told = result["series"]["prices"]
    columns = {asset: [f"${price:,.2f}" for price in told[asset]] for asset in charts.ASSETS if asset in told}
    lead = (
        "Each asset as a share of its first price, which is 100. Hourly readings: what lies between two of them is in "
        "the table of events. Bands are the acts."
    )
    picture = element("figure", charts.prices(result))
    return _section(
        "prices", lead, picture, sources.confidence_key(result), sources.acts(result), table(result, columns)
    )


def _reach(result: Result) -> Html:
    pooled, segregated = (money(total(result, regime, "reachable_at_low_units")) for regime in REGIMES)
    lead = (
        f"What clients can take back if no venue does anything: reserves, and what stands in compartments less what is "
        f"owed on positions. At the low, {segregated} segregated and {pooled} pooled."
    )
    columns = {regime: in_dollars(result["series"]["regimes"][regime]["reachable"]) for regime in REGIMES}
    return _section("reach", lead, element("figure", charts.reachable(result)), table(result, columns))


def _unsettled(result: Result) -> Html:
    figures = []
    for regime in REGIMES:
        said = f", at most {money(total(result, regime, 'unsettled_peak_units'))}"
        caption = element("figcaption", element("b", regime.capitalize(), class_=regime), said)
        figures.append(element("figure", caption, charts.unsettled(result, regime)))
    columns = {regime: in_dollars(result["series"]["regimes"][regime]["unsettled"]) for regime in REGIMES}
    lead = (
        "Gains that venues owe and have not paid yet: an unsecured claim until the next settlement. Hourly readings, "
        "to one scale; the most of any moment is said beside the name."
    )
    return _section("unsettled", lead, element("div", *figures, class_="grid two"), table(result, columns))


def _losses(result: Result) -> Html:
    pooled, segregated = (money(borne_by_others(result, regime)) for regime in REGIMES)
    lead = (
        f"Losses beyond a client’s collateral, step by step to those who bore them, to one scale: {segregated} fell on "
        f"others when segregated, {pooled} when pooled."
    )
    return _section("losses", lead, manners(), waterfalls(result), bearer_table(result))


def _footer(result: Result) -> Html:
    scenario = result["scenario"]
    return element(
        "footer",
        f"Bulkhead, {scenario['name']}, {stamp(scenario['start'])} to {stamp(scenario['end'])} UTC, "
        f"seed {result['seed']}, schema {result['schema']}. "
        "Every figure on this page is in result.json or a sum of figures there.",
    )
