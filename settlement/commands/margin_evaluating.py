"""`bulkhead margin evaluate`: cases in, one JSON line a case out, in their order; a bad case is answered as such."""

import sys

from margin.cases import Answer, CaseError, answer
from margin.parameter_set import ParameterSet
from settlement.commands.exact_json import print_exact_json
from settlement.commands.margin_input import Told, cases_of, complain, parameters_in
from settlement.commands.running import DONE, FAILED


def evaluate(file: str, parameters: str) -> int:
    """FAILED where a case has no answer; the others have theirs. InputError for what cannot be read at all."""
    given, failed = parameters_in(parameters), False
    with cases_of(file) as cases:
        for told in cases:
            found = _answered(told, given)
            if "error" in found:
                complain("evaluate", file, told, str(found["error"]))
                failed = True
            print_exact_json({"id": told.id, **found})
            sys.stdout.flush()  # whoever waits at a pipe has the answer before the next case is asked
    return FAILED if failed else DONE


def _answered(told: Told, given: ParameterSet) -> Answer:
    if told.error:
        return {"error": told.error}
    try:
        return answer(told.document, given)
    except CaseError as error:
        return {"error": str(error)}
