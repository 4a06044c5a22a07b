"""`bulkhead drill`: who would get what, when, from which account, out of the books as they stand."""

from cyclopts import App

from settlement.commands.drill_options import CannotSign, ClientDefaults, CustodianDefaults, VenueDefaults

DRILL = App(
    name="drill",
    help="Insolvency drills over the books: who gets what, when, from which account. Nothing is written.\n\n"
    "A default is told in one asset: what lacks of it is not met out of another, which somebody would have to sell "
    "first, at a price that no rule can promise. What other assets would count for is `bulkhead collateral` to say.",
    version_flags=(),
)


@DRILL.command
def client_default(asked: ClientDefaults) -> int:
    """A client defaults: its losses go down the waterfall, layer by layer, and creditors who lack something are named.

    With compartments: what is delegated, the top-up, the guarantee, the venue's capital, and then nobody. Of a pool:
    the client's claim and its top-up, the insurance fund, the venue's capital, auto-deleveraged winners, all winners,
    and where the omnibus is not all there, everybody, pro rata.
    """
    from settlement.commands.drill_client import told
    from settlement.commands.running import answered

    return answered("client-default", lambda: told(asked), group="drill")


@DRILL.command
def venue_default(asked: VenueDefaults) -> int:
    """A venue defaults: what it posted pays the winners first, losers pay what they owe, and compartments go home.

    Where its clients have claims on a pool instead, gains are cut before principal, and all share what is there.
    """
    from settlement.commands.drill_venue import told
    from settlement.commands.running import answered

    return answered("venue-default", lambda: told(asked), group="drill")


@DRILL.command
def custodian_default(asked: CustodianDefaults) -> int:
    """The custodian defaults: a successor delivers what is found, or every account recovers the same part of its claim.

    What is recovered of a pooled venue's omnibus is shared by the clients who have claims on it.
    """
    from settlement.commands.drill_custodian import told
    from settlement.commands.running import answered

    return answered("custodian-default", lambda: told(asked), group="drill")


@DRILL.command
def outage(asked: CannotSign) -> int:
    """The custodian cannot sign for a while: which deadline holds for each margin call, and who bears the delay."""
    from settlement.commands.drill_outage import told
    from settlement.commands.running import answered

    return answered("outage", lambda: told(asked), group="drill")
