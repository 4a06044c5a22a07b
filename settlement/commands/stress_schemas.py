"""The schemas of a user's own inputs, and a drawn population written in the form of one."""

from collections.abc import Sequence

from margin.contagion.inputs import accounts, shock, venue_file
from margin.contagion.inputs.book_rows import rows_of
from margin.contagion.inputs.cells import Column
from margin.contagion.laws import draw_population
from margin.contagion.venues import default_venues
from margin.contagion.waterfalls import QUEUE, SIMULATED
from margin.default_waterfall import Custody
from margin.scenarios.events import CONFIDENCES
from settlement.commands.fields import InputError, chosen
from settlement.commands.printing import print_line, print_rows
from settlement.commands.running import DONE, answered
from settlement.commands.stress_listing import assumptions_in
from settlement.commands.stress_tables import require_table, write_table

SCHEMAS: dict[str, Sequence[Column]] = {"accounts": accounts.COLUMNS, "shock": shock.COLUMNS, "venue": venue_file.KEYS}
SCHEMAS["waterfall"] = (
    Column("name", "text", "that of the file, without .toml"),
    Column("title", "text", "for people"),
    Column("custody", "word", f"{' or '.join(Custody)}: it is for regimes of that form"),
    Column("maintenance", "text", "for people"),
    Column("path", "text", "for people"),
    Column(
        "[[step]] means", "word", f"who pays, in the order of steps: own_collateral, then of {', '.join(SIMULATED)}"
    ),
    Column("[[step]] payer", "text", "who stands behind it"),
    Column("[[step]] source", "text", "where it is from"),
    Column("[[step]] confidence", "mark", f"one of {', '.join(CONFIDENCES)}"),
    Column(
        "[[step]] rank, price, closes",
        "words",
        f"where means = adl: {QUEUE.rank}, {QUEUE.price}, what_is_needed",
        "none",
    ),
)
SCHEMAS["candles"] = (
    Column("open_ms", "ms", "of the bar, since 1970 UTC; bars without a gap over the whole scenario"),
    *(Column(name, "$ a coin", "at most 6 decimals") for name in ("open", "high", "low", "close")),
    Column("volume", "coins", "0 or more; it is not used"),
    Column("close_ms", "ms", "after open_ms", "none"),
)
_COLUMNS = ("column", "unit", "default", "meaning")


def tell_schema(name: str, as_json: bool) -> int:
    """One row a column."""

    def work() -> int:
        rows = [
            {"column": one.name, "unit": one.unit, "default": one.default or "required", "meaning": one.meaning}
            for one in SCHEMAS[chosen("schema", name, SCHEMAS)]
        ]
        print_rows(_COLUMNS, rows, amounts=(), as_json=as_json)
        return DONE

    return answered("schema", work, group="stress")


def write_book(out: str, count: int, seed: int, assumptions: str) -> int:
    """Say how the book is to be run so that it gives what the drawn population does."""

    def work() -> int:
        require_table(out)
        a = assumptions_in(assumptions)
        try:
            people = draw_population(a, seed, count)
        except ValueError as error:
            raise InputError(str(error)) from error
        write_table(out, [one.name for one in accounts.COLUMNS], rows_of(people, a, default_venues(a)))
        print_line(f"bulkhead stress run --accounts {out} --weight {people.weight!r} --seed {seed}")
        return DONE

    return answered("book", work, group="stress")
