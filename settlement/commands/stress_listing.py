"""What `bulkhead stress` can be asked for: regimes, and the numbers that it starts from."""

from hashlib import sha256
from pathlib import Path

from margin.contagion.assumption_file import load, packaged
from margin.contagion.assumptions import AssumptionError, Assumptions
from margin.contagion.regimes import NAMED, WHY, factorial
from settlement.commands.fields import InputError
from settlement.commands.printing import print_line, print_rows
from settlement.commands.running import DONE, answered


def assumptions_in(file: str) -> Assumptions:
    """The packaged ones, or a user's. Raises InputError."""
    try:
        return load(Path(file)) if file else packaged()
    except AssumptionError as error:
        raise InputError(str(error)) from error


def table_digest() -> str:
    """SHA-256 over the names and cells: fixed before any run."""
    named = [f"{name}={regime}" for name, regime in NAMED.items()]
    cells = [f"{cell}:{'feasible' if cell.is_feasible else 'infeasible'}" for cell in factorial()]
    return sha256("\n".join([*named, *cells]).encode()).hexdigest()


def list_regimes(as_json: bool) -> int:
    rows = [{"regime": name, "cell": str(regime), "why": WHY[name]} for name, regime in NAMED.items()]
    rows += [
        {
            "regime": "",
            "cell": str(cell),
            "why": "a promise: fails into pro-rata clearing at the venue's default" if cell.is_promise else "",
        }
        for cell in factorial()
        if cell.is_feasible
    ]
    rows += [
        {"regime": "infeasible", "cell": str(cell), "why": "nothing can move under a static lock"}
        for cell in factorial()
        if not cell.is_feasible
    ]

    def work() -> int:
        if not as_json:
            print_line(f"digest of this table: {table_digest()}")
        print_rows(("regime", "cell", "why"), rows, amounts=(), as_json=as_json)
        return DONE

    return answered("regimes", work, group="stress")


def list_assumptions(file: str, as_json: bool) -> int:
    def work() -> int:
        rows = [
            {
                "name": one.name,
                "value": one.value,
                "unit": one.unit,
                "mark": one.mark,
                "sweep": "" if one.sweep is None else f"{one.sweep[0]:g} to {one.sweep[1]:g}",
                "source": one.source,
            }
            for one in assumptions_in(file).numbers.values()
        ]
        print_rows(("name", "value", "unit", "mark", "sweep", "source"), rows, amounts=("value",), as_json=as_json)
        return DONE

    return answered("assumptions", work, group="stress")
