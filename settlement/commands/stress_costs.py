"""`bulkhead stress costs`: its options. The work is imported when it runs: help comes at once."""


def costs(*, accounts: int = 20_000, seed: int = 1, assumptions: str = "", json: bool = False) -> int:
    """Say what each regime costs a year, and the odds of a venue's default at which that is worth it: no run is made.

    Fee and capital by part; the claims that winners have between settlements, and what a grace window costs, beside.

    Parameters
    ----------
    accounts
        Simulated clients, of whom some have accounts at several venues.
    seed
        Of everything that is drawn.
    assumptions
        A file of your own, complete, in the packaged one's form.
    json
        One line a regime; what stands beside is told on standard error.
    """
    from settlement.commands.running import answered
    from settlement.commands.stress_costing import tell_costs

    return answered("costs", lambda: tell_costs(accounts, seed, assumptions, as_json=json), group="stress")
