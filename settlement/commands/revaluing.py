"""`bulkhead collateral revalue`: what changed between two valuations, and what is called for it."""

from collections.abc import Callable, Sequence

from custody.changes import Cause
from custody.substitution import Revaluation, in_cure_units
from custody.substitution import revalue as compare
from settlement.commands.appraisal_input import editions_in
from settlement.commands.appraising import appraised, usd
from settlement.commands.fields import InputError
from settlement.commands.printing import date, print_json, print_line, print_rows, printable
from settlement.commands.running import DONE


def revalue(files: tuple[str, str], schedules: Sequence[str], as_json: bool, now_s: Callable[[], int]) -> int:
    """Compare what two files come to, the earlier first; InputError where they cannot be read, or compared."""
    editions = editions_in(schedules)
    before, after = (appraised(file, editions, now_s) for file in files)
    try:
        found = compare(before, after)
    except ValueError as error:
        raise InputError(f"{files[0]}, {files[1]}: {error}") from error
    waited_units = in_cure_units(found.demands, after)
    if as_json:
        print_json({
            "venue": after.venue,
            "from_units": str(before.valuation.collateral_units),
            "to_units": str(after.valuation.collateral_units),
            "in_cure_units": str(waited_units),
            "unit": "1e-6 USD",
            "changes": [
                {"asset": one.asset, "from_units": str(one.from_units), "to_units": str(one.to_units),
                 "causes": one.causes}
                for one in found.changes
            ],
            "demands": [
                {"asset": one.asset, "lost_units": str(one.lost_units), "causes": one.causes,
                 "called_at_s": one.called_at_s, "deadline_s": one.deadline_s}
                for one in found.demands
            ],
        })  # fmt: skip
        return DONE
    print_line(
        f"from {usd(before.valuation.collateral_units)} to {usd(after.valuation.collateral_units)} USD of collateral; "
        f"a margin test adds {usd(waited_units)} until it is substituted"
    )
    _tell(found)
    return DONE


def _tell(found: Revaluation) -> None:
    rows = [
        {"asset": one.asset, "from": usd(one.from_units), "to": usd(one.to_units), "why": _words(one.causes)}
        for one in found.changes
    ]
    print_rows(("asset", "from", "to", "why"), rows, amounts=("from", "to"), as_json=False)
    for one in found.demands:
        why, until = _words(one.causes), date(one.deadline_s)
        print_line(printable(f"bring other collateral for {usd(one.lost_units)} of {one.asset} ({why}) until {until}"))
    if not found.demands:
        print_line("nothing is to be substituted")


def _words(causes: Sequence[Cause]) -> str:
    return ", ".join(causes).replace("_", " ")
