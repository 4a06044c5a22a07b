"""`bulkhead margin waterfalls`: in which order a venue's losses are paid, by whom, and what one loss comes to."""

from pathlib import Path

from margin.absorption import Absorbed, Purses, run
from margin.default_waterfall import Step, Waterfall, WaterfallError
from margin.loss_document import purses_of
from margin.reading import DocumentError
from margin.scenarios.table import ScenarioError
from margin.waterfall_file import named, profiles, read_waterfall
from settlement.commands.fields import InputError
from settlement.commands.json_file import object_in
from settlement.commands.printing import Row, print_json, print_line, print_rows
from settlement.commands.running import DONE, FAILED

_PROFILE_COLUMNS = ("name", "custody", "steps", "maintenance", "path")
_STEP_COLUMNS = ("step", "means", "payer", "terms", "source", "confidence")
_PAYMENT_COLUMNS = ("means", "payer", "paid")


def list_waterfalls(name: str, loss_units: int | None, purses: str, as_json: bool) -> int:
    """FAILED where somebody is left unpaid. InputError for a file or a profile that is none."""
    if not name:
        if loss_units is not None or purses:
            raise InputError("--loss and --purses: expected the name of a waterfall with them")
        print_rows(_PROFILE_COLUMNS, [_profile(named(one)) for one in profiles()], amounts=("steps",), as_json=as_json)
        return DONE
    waterfall = waterfall_in(name)
    if loss_units is None and not purses:
        _tell_steps(waterfall, as_json)
        return DONE
    if loss_units is None or not purses:
        raise InputError("expected both --loss and --purses, or neither")
    given = purses_in(purses)
    try:
        absorbed = run(waterfall, loss_units, given)
    except ValueError as error:  # a loss beyond all gains: somebody is not in the file
        raise InputError(f"{purses}: {error}") from error
    _tell_payments(waterfall, absorbed, as_json)
    return FAILED if absorbed.unpaid else DONE


def waterfall_in(name: str) -> Waterfall:
    """A profile by name, or a TOML file by path. InputError."""
    try:
        return named(name) if name in profiles() else read_waterfall(Path(name))
    except (OSError, ScenarioError, WaterfallError) as error:
        raise InputError(f"expected one of {', '.join(profiles())}, or a waterfall's TOML file: {error}") from error


def purses_in(file: str) -> Purses:
    """InputError with the field's path."""
    try:
        return purses_of(object_in(file).values)
    except DocumentError as error:
        raise InputError(f"{file}: {error}") from error


def _profile(found: Waterfall) -> Row:
    return {
        "name": found.name, "custody": found.custody.value, "steps": len(found.steps),
        "maintenance": found.maintenance, "path": found.path,
    }  # fmt: skip


def _step(number: int, step: Step) -> Row:
    return {
        "step": number, "means": step.means.value, "payer": step.payer, "terms": terms_of(step), "source": step.source,
        "confidence": step.confidence,
    }  # fmt: skip


def terms_of(step: Step) -> str:
    """What bounds a fund, or how winners are closed; "" for a step without terms."""
    if step.fall:
        return f"until it has fallen by {step.fall.fall_bps / 100:g}% of its peak within {step.fall.window_s} s"
    if step.adl is None:
        return ""
    whole = "whole positions" if step.adl.whole_positions else "what is needed"
    rank, price = step.adl.rank.value.replace("_", " "), step.adl.price.value.replace("_", " ")
    return f"by {rank}, at the {price}, {whole}"


def _tell_steps(found: Waterfall, as_json: bool) -> None:
    rows = [_step(number, step) for number, step in enumerate(found.steps, 1)]
    if as_json:
        print_json({**_profile(found), "title": found.title, "steps": rows})
        return
    print_line(f"{found.title} ({found.custody}); maintenance margin: {found.maintenance}")
    print_line(f"from a breach on: {found.path}\n")
    print_rows(_STEP_COLUMNS, rows, amounts=("step",), as_json=False)


def _tell_payments(found: Waterfall, absorbed: Absorbed, as_json: bool) -> None:
    rows: list[Row] = [{"means": one.means.value, "payer": one.payer, "paid": one.units} for one in absorbed.payments]
    if as_json:
        print_json({
            "waterfall": found.name, "loss": str(absorbed.loss_units),
            "payments": [{**row, "paid": str(row["paid"])} for row in rows],
            "surplus": str(absorbed.surplus_units),
            "unpaid": {name: str(units) for name, units in absorbed.unpaid.items()},
        })  # fmt: skip
        return
    print_line(f"{found.title}: a loss of {absorbed.loss_units} units\n")
    print_rows(_PAYMENT_COLUMNS, rows, amounts=("paid",), as_json=False)
    if absorbed.surplus_units:
        print_line(f"taken beyond the loss, and the fund's: {absorbed.surplus_units}")
    for name, units in absorbed.unpaid.items():
        print_line(f"unpaid: {units} of {name}'s gains")
    if not absorbed.unpaid:
        print_line("nobody is left unpaid")
