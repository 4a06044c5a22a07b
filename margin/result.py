"""What a margin model answers."""

from dataclasses import dataclass

from margin.fixed import Fixed


@dataclass(frozen=True, slots=True)
class Margin:
    """Net margins in USD: what is left after the requirement, negative when it is not met. Mark-to-market is all worth.

    A requirement is `mark_to_market - initial`, or less maintenance.
    """

    initial: Fixed
    maintenance: Fixed
    mark_to_market: Fixed
