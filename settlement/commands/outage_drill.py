"""`bulkhead drill outage`: the deadlines of margin calls while the custodian cannot sign, and who bears the delay."""

from sqlalchemy import inspect

from margin.insolvency.outage import Bearer, Outage, OutageRule, during
from settlement import records
from settlement.commands.fields import InputError
from settlement.commands.printing import print_rows
from settlement.commands.running import DONE, looked_at

_BEARERS = {bearer.value: bearer for bearer in (Bearer.CLIENT, Bearer.VENUE, Bearer.CUSTODIAN)}


def outage(place: str, times_s: tuple[int, int], run_on: bool, bearer: str, longest_s: int, as_json: bool) -> int:
    """What becomes of the calls that the desk stored beside the books."""
    if bearer not in _BEARERS:
        raise InputError(f"--bearer: expected one of {', '.join(_BEARERS)}, found {bearer!a}")
    if times_s[1] < times_s[0]:
        raise InputError("--ended: expected a time that is not before --began")
    with looked_at(place) as (database, _), database.snapshot() as reader:
        if not inspect(reader).has_table(records.CALL.name):
            raise InputError("--database: expected a ledger beside which a desk stored its margin calls")
        calls = records.calls_between(reader, *times_s)
    rule = OutageRule(not run_on, _BEARERS[bearer], longest_s)
    delayed = [during(Outage(*times_s), call, rule) for call in calls]
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
    print_rows(columns, rows, amounts=("amount_units",), times=times, as_json=as_json)
    return DONE
