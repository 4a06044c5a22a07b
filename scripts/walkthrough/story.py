"""The story as it is told: acts, events, who is called and why, with the ledger postings and transactions beside it."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.text import Text

from custody.delegation import Standing
from margin.scenarios.events import CONFIDENCES, AnyEvent
from margin.scenarios.scenario import Scenario
from scripts.walkthrough import tables
from scripts.walkthrough.day import CrashDay, Moment
from scripts.walkthrough.lines import Line, Quiet, lines_of
from scripts.walkthrough.phrases import price
from scripts.walkthrough.reckoning import dollars
from settlement.happenings import Happening

WIDTH = 118
TAG = {Standing.POOLED: "pooled", Standing.SEGREGATED: "segregated"}
COLOUR = {"both": "bold", "pooled": "yellow", "segregated": "cyan"}
CONFIDENCE = ", ".join(f"{letter} {meaning}" for letter, meaning in CONFIDENCES.items())
_RULER = Console(width=WIDTH, color_system=None, _environ={})
QUOTED = ("BTC", "ETH", "SOL", "XAG")


class Story:
    """Tells a day to several consoles at once: a person's terminal, and the transcript.

    `pace_s` is how long to rest after each told moment. Nothing that is told depends on the machine or the clock.
    """

    def __init__(self, consoles: Sequence[Console], day: CrashDay, pace_s: float = 0.0) -> None:
        self._consoles, self._day, self._pace_s = consoles, day, pace_s
        self._quiet = {standing: Quiet() for standing in Standing}
        self._today = 0
        self._acts = 0

    def begin(self, scenario: Scenario, seed: int, candles: Sequence[str]) -> None:
        """The head of the story."""
        replayed = ", ".join(Path(given.rpartition("=")[2]).name for given in candles)
        prices = f"replayed from {replayed}" if candles else f"drawn with seed {seed} through every stated figure"
        self.say(
            Rule(scenario.title, align="left"),
            _hanging(Text(f"Prices: {prices}. Confidence of sources: {CONFIDENCE}."), 0),
            _hanging(
                Text("both: the two regimes alike; both ≈: the pooled figures, the segregated within 1% of them."), 0
            ),
        )

    def say(self, *what: RenderableType) -> None:
        """Print on every console."""
        for console in self._consoles:
            for part in what:
                console.print(part, highlight=False)

    def tell(self, moment: Moment) -> None:
        """One moment: a new act, its news, what followed, and at the end of an act what was checked."""
        day = moment.at_s // 86_400
        if self._today and day != self._today:
            self._sum_up(self._today * 86_400)
        self._today = day
        if moment.act is not None:
            self._acts += 1
            self.say("", Rule(f"Act {self._acts} · {moment.act.title} · {_date(moment.at_s)}", align="left"), "")
            if self._acts == 1:
                self.say(*tables.cast(self._day))
        for event in moment.events:
            self.say(_news(event))
        lines = lines_of(moment.happenings, self._quiet)
        for line in lines:
            self._tell_line(moment.at_s, line)
        if moment.act_ended:
            self._sum_up(self._today * 86_400)
            self._take_stock(moment)
        if self._pace_s and (lines or moment.events or moment.act):
            time.sleep(self._pace_s)

    def _tell_line(self, at_s: int, line: Line) -> None:
        tag = "both" if len(line.proofs) > 1 else TAG[next(iter(line.proofs))]
        shown = "both ≈" if line.nearly else tag
        said = Text.assemble((f"{_moment(at_s)}  ", "dim"), (f"{shown:<11}", COLOUR[tag]), line.text)
        self.say(_hanging(said))
        for standing, happening in line.proofs.items():
            if proof := self._proof(standing, happening):
                self.say(_hanging(Text(f"{'':26}{TAG[standing]}: {proof}", style="dim"), 38))

    def _proof(self, standing: Standing, happening: Happening) -> str:
        """The journal positions with the first posting's accounts, and the transaction."""
        parts = []
        first, last = happening.postings
        if first:
            posting = self._day.desks[standing].world.books.transfers(after=first - 1, limit=1)[0].transfer
            debit, credit = (account.partition("/")[2] for account in (posting.debit_account, posting.credit_account))
            span = f"#{first}" if first == last else f"#{first}–{last}"
            parts.append(f"ledger {span} {debit} → {credit}")
        if happening.tx_hash:
            parts.append(f"tx {happening.tx_hash[:18]}…")
        return ", ".join(parts)

    def _sum_up(self, day_s: int) -> None:
        """The day's settled cycles and what was too small to tell, then start counting anew."""
        parts = []
        for standing, quiet in self._quiet.items():
            if quiet.cycles:
                small = f", {quiet.calls} small calls" if quiet.calls else ""
                paid = f"{quiet.cycles} cycles paid {dollars(quiet.paid_units)}"
                parts.append(f"{TAG[standing]} {paid}{small} (last tx {quiet.last_tx[:12]}…)")
            quiet.new_day()
        if parts:
            self.say(
                _hanging(
                    Text(
                        f"{datetime.fromtimestamp(day_s, UTC):%d %b}         settled    {'; '.join(parts)}", style="dim"
                    )
                )
            )

    def _take_stock(self, moment: Moment) -> None:
        quotes = ", ".join(f"{asset} {price(moment.prices_e6[asset])}" for asset in QUOTED)
        self.say("", _hanging(Text(f"{'':15}at the end {quotes}")))
        for stand in tables.stock(self._day):
            self.say(_hanging(Text(f"{'':26}{stand}", style="dim")))
        self.say(_hanging(Text(f"{'':15}checked    {tables.CHECKED}", style="green")))


def _news(event: AnyEvent) -> Text:
    source = f"[{event.confidence}] {event.source}"
    said = Text.assemble(
        (f"{_moment(event.at_s)}  ", "dim"), ("news       ", "bold magenta"), (event.title, "bold"), f". {event.text} ",
        (event.figure + " " if event.figure else "", ""), (source, "dim"),
    )  # fmt: skip
    return _hanging(said)


def _hanging(said: Text, indent: int = 26) -> Text:
    """Wrapped by ourselves, later lines under the sentence: the same on every console."""
    head, tail = said[:indent], said[indent:]
    pieces = tail.wrap(_RULER, WIDTH - indent)
    for piece in pieces:
        piece.rstrip()
    return head + Text("\n" + " " * indent).join(pieces)


def _moment(at_s: int) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%d %b %H:%M}"


def _date(at_s: int) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%A %d %B %Y}"
