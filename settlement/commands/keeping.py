"""`bulkhead keys`: the group and its subcommands. Only their options are imported here, so help comes at once."""

from cyclopts import App

from settlement.commands.key_choice import NOT_CHOSEN, Chosen
from settlement.commands.options import Json

KEYS = App(name="keys", help="Keys that sign instructions: made and shown by their address.", version_flags=())


@KEYS.command
def new(*, key: Chosen = NOT_CHOSEN, json: Json = False) -> int:
    """Make a key in a new keystore, or inside a token, and print its address. Nothing is ever written over.

    Parameters
    ----------
    json
        Print one JSON line.
    """
    import os

    from settlement.commands.key_opening import made_key, show, with_key

    return with_key("keys new", lambda: show(made_key(key, os.urandom(32)), json))


@KEYS.command(name="show")
def show_address(*, key: Chosen = NOT_CHOSEN, json: Json = False) -> int:
    """Print the address of a key. It follows from the key itself: a keystore's own word for it is under no checksum.

    Parameters
    ----------
    json
        Print one JSON line.
    """
    from settlement.commands.key_opening import opened_key, show, with_key

    return with_key("keys show", lambda: show(opened_key(key), json))
