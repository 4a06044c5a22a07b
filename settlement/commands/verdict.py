"""What a walk through a record came to: every fault, or that it is sound; the exit code says the same."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from settlement.commands.printing import print_json, print_line, printable
from settlement.commands.running import DONE, FAILED

NOTHING: Mapping[str, object] = MappingProxyType({})


def verdict(
    faults: Sequence[object],
    sentences: Iterable[str],
    as_json: bool,
    more: Mapping[str, object] = NOTHING,
    behind: str = "",
) -> int:
    """Print the faults; FAILED if there are any. `more` is what else programs are told, `behind` what people are."""
    if as_json:
        print_json({"sound": not faults, **more, "faults": faults})
    else:
        for sentence in sentences:
            print_line(printable(sentence))
        print_line(f"{f'{len(faults)} faults' if faults else 'sound'}{behind}")
    return FAILED if faults else DONE
