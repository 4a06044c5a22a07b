"""`bulkhead drill outage`: the deadlines of margin calls while the custodian cannot sign, and who bears the delay."""

from sqlalchemy import inspect

from margin.insolvency.outage import Bearer, Outage, OutageRule, during
from settlement import records
from settlement.commands.drill_options import CannotSign
from settlement.commands.fields import InputError
from settlement.commands.printing import print_rows
from settlement.commands.running import DONE, looked_at

_BEARERS = {bearer.value: bearer for bearer in (Bearer.CLIENT, Bearer.VENUE, Bearer.CUSTODIAN)}


def told(asked: CannotSign) -> int:
    """What becomes of the calls that the desk stored beside the books."""
    if asked.bearer not in _BEARERS:
        raise InputError(f"--bearer: expected one of {', '.join(_BEARERS)}, found {asked.bearer!a}")
    if asked.ended < asked.began:
        raise InputError("--ended: expected a time that is not before --began")
    with looked_at(asked.database) as (database, _), database.snapshot() as reader:
        if not inspect(reader).has_table(records.CALL.name):
            raise InputError("--database: expected a ledger beside which a desk stored its margin calls")
        calls = records.calls_between(reader, asked.began, asked.ended)
    rule = OutageRule(not asked.run_on, _BEARERS[asked.bearer], asked.longest_s)
    delayed = [during(Outage(asked.began, asked.ended), call, rule) for call in calls]
    rows = (
        {
            "id": one.call.id,
            "client": one.call.client,
            "venue": one.call.venue,
            "amount_units": one.call.amount_units,
            "opened_at_s": one.call.opened_at_s,
            "deadline_s": one.call.deadline_s,
            "delay_s": one.delay_s,
            "bearer": one.bearer.value,
        }
        for one in delayed
    )
    columns = ("id", "client", "venue", "amount_units", "opened_at_s", "deadline_s", "delay_s", "bearer")
    times = ("opened_at_s", "deadline_s")
    print_rows(columns, rows, amounts=("amount_units",), times=times, as_json=asked.json)
    return DONE
