"""`bulkhead verify`: what anybody can check alone, with a file, and without a network unless a node is named.

The work is imported when it is run.
"""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from settlement.commands.options import Json, Ledger, Position

VERIFY = App(name="verify", help="Check what the custodian published: offline, and without its help.", version_flags=())

A_DAY_S = 86_400

Proof = Annotated[str, Parameter(allow_leading_hyphen=True)]
"""A file, or - for standard input."""


def proof(
    file: Proof, *more: str, custodian: str = "", registry: str = "", rpc_url: str = "", json: Json = False
) -> int:
    """Check proofs of inclusion: that an account's balance is in the total of liabilities which the custodian signed.

    Several files are also held against each other: two statements of one sequence, an account that stands twice.

    Parameters
    ----------
    file
        A proof as `bulkhead prove` wrote it; - for standard input.
    more
        More of them.
    custodian
        The address that must have signed. Without it, the file's own word is taken for whose key it is.
    registry
        With --rpc-url: a registry of liabilities, which is asked too whether it has the statement, and the leaf in it.
    rpc_url
        With --registry: a node. It learns whose balance is asked for; without it, nobody is asked anything.
    json
        Print one JSON line per file, and one per contradiction between them.
    """
    from settlement.commands.fields import InputError
    from settlement.commands.node_opening import with_node
    from settlement.commands.proof_reading import verify
    from settlement.commands.running import answered

    def work() -> int:
        if not registry and not rpc_url:
            return verify((file, *more), custodian, json)
        if not (registry and rpc_url):
            raise InputError("expected --registry and --rpc-url, both or neither")
        from settlement.commands.registry_asking import asking

        with asking(rpc_url, registry) as ask:
            return verify((file, *more), custodian, json, ask)

    return answered("proof", lambda: with_node("verify proof", rpc_url, work), group="verify")


def compartment(file: Proof, *, custodian: str = "", json: Json = False) -> int:
    """Check a compartment: that its collateral after haircuts was at least its mirrored balance at one settlement.

    Parameters
    ----------
    file
        A proof as the custodian gives it after a settlement; - for standard input.
    custodian
        The address that must have signed. Without it, the file's own word is taken for whose key it is.
    json
        Print one JSON line.
    """
    from settlement.commands.covering_reading import verify
    from settlement.commands.running import answered

    return answered("compartment", lambda: verify(file, custodian, json), group="verify")


def attestation(
    file: Proof,
    *,
    previous: str = "",
    liabilities: str = "",
    longest_age_s: Position = A_DAY_S,
    custodian: str = "",
    json: Json = False,
) -> int:
    """Check an attestation of reserves: signed, in order, fresh, and at least what is owed at the same moment.

    Parameters
    ----------
    file
        An attestation as `bulkhead prove` wrote it; - for standard input.
    previous
        The attestation that it must follow. Without it, it must be the first.
    liabilities
        The signed root of what is owed, to be held against it.
    longest_age_s
        How old it may be, in seconds.
    custodian
        The address that must have signed. Without it, the file's own word is taken for whose key it is.
    json
        Print one JSON line.
    """
    from settlement.commands.attestation_reading import Asked, verify
    from settlement.commands.running import answered, now_s

    asked = Asked(file, previous, liabilities, custodian, longest_age_s)
    return answered("attestation", lambda: verify(asked, now_s(), json), group="verify")


def everything(
    *,
    database: Ledger,
    proofs: Path | None = None,
    chain: Path | None = None,
    statement: Path | None = None,
    custodian: str = "",
    json: Json = False,
) -> int:
    """Check everything there is: journal, seals, custodian's log, proofs; code, positions and amounts on a chain.

    One line per check: ok, failed, or not asked. Exit code 1 if one failed.

    Parameters
    ----------
    proofs
        A folder with proofs of inclusion and of compartments, as deep as they lie.
    chain
        A JSON file that says where the contracts stand and whose the compartments are, as for `bulkhead reconcile`.
    statement
        What a venue states, as for `bulkhead reconcile`; only with a chain.
    custodian
        The address that must have signed the proofs. Without it, each file's own word is taken for whose key it is.
    json
        Print one JSON object.
    """
    from settlement.commands.chain_checks import checks_on_chain
    from settlement.commands.proof_reading import named_custodian
    from settlement.commands.running import answered
    from settlement.commands.verifying_all import Given, verify_all

    def work() -> int:
        given = Given(database, proofs, named_custodian(custodian), chain)
        return verify_all(given, lambda file: checks_on_chain(file, database, statement), json)

    return answered("all", work, group="verify")


for command in (proof, compartment, attestation):
    VERIFY.command(command)
VERIFY.command(everything, name="all")
