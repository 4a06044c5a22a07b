"""`bulkhead actions`: Derive's signed actions. Only options are imported here."""

from typing import Annotated

from cyclopts import App, Parameter

from settlement.commands.options import Json

ACTIONS = App(name="actions", help="Derive's signed actions: what they are as bytes and hashes.", version_flags=())


@ACTIONS.command
def verify(file: Annotated[str, Parameter(allow_leading_hyphen=True)], /, *, json: Json = False) -> int:
    """Encode, hash and sign every case anew, and hold it against what the case expects; exit code 1 if one differs.

    A case without "expected" is only encoded. A signature is made where the case has a private key (throw-away keys
    only), and recovered where it has a signature.

    Parameters
    ----------
    file
        An object with "cases" in the schema of Derive's vectors, or one case; - for standard input.
    json
        Print one JSON line a case.
    """
    from settlement.commands import action_verifying
    from settlement.commands.running import answered

    return answered("verify", lambda: action_verifying.verify(file, json), group="actions")
