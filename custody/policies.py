"""Who must agree to what: a party's policy is rules in order, and the first that fits an instruction decides.

A rule asks for quorums, M of a group's N signers; a group is a list of people (or machines) of one party, by name, so
that their keys can change without the policy. Nothing is allowed by silence: without a rule, no.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from custody.money import MAX_UNITS
from custody.parties import require_name, require_party
from custody.shapes import FieldError, require_number

MOST_PARTS = 100
"""The most groups, rules, signers, quorums: what a person could still read."""


class Operation(StrEnum):
    """What can be instructed."""

    DELEGATE = "delegate"
    RECALL = "recall"
    MOVE = "move"
    WITHDRAW = "withdraw"
    ALLOW_DESTINATION = "allow_destination"
    REMOVE_DESTINATION = "remove_destination"
    CHANGE_POLICY = "change_policy"
    ADD_KEY = "add_key"
    ROTATE_KEY = "rotate_key"
    REVOKE_KEY = "revoke_key"
    ADMIT = "admit"

    @property
    def governs(self) -> bool:
        """Whether it changes who may instruct what, and so the state that later instructions are judged by."""
        return self not in _ORDINARY


_ORDINARY = {Operation.DELEGATE, Operation.RECALL, Operation.MOVE, Operation.WITHDRAW}


class DestinationClass(StrEnum):
    """Where a rule lets assets go: to a destination on the allow-list, or anywhere."""

    KNOWN = "known"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Quorum:
    """`required` of a group's signers."""

    required: int
    group: str

    def __post_init__(self) -> None:
        require_number("required", self.required)
        require_name("group", self.group)
        if self.required == 0:
            raise FieldError("required", "a quorum of nobody would let everybody pass")


@dataclass(frozen=True, slots=True)
class Group:
    """Signers of one party who have a say, by name: the N of M-of-N."""

    name: str
    party: str
    signers: tuple[str, ...]

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require_party("party", self.party)
        for index, signer in enumerate(self.signers):
            require_name(f"signers[{index}]", signer)
        _require_distinct("signers", self.signers)


@dataclass(frozen=True, slots=True)
class Rule:
    """Which instructions it fits, and the quorums that these need, all of them.

    `asset` and `venue`: one by its name, or "" for all. `least_units`..`most_units`: ledger units of `asset`, both
    included; a rule for all assets has no band, since a unit of one is not a unit of another.
    """

    operations: tuple[Operation, ...]
    quorums: tuple[Quorum, ...]
    asset: str = ""
    venue: str = ""
    least_units: int = 0
    most_units: int = MAX_UNITS
    destination: DestinationClass = DestinationClass.KNOWN

    def __post_init__(self) -> None:
        _require_distinct("operations", self.operations)
        _require_distinct("quorums", [quorum.group for quorum in self.quorums])
        for field, name in (("asset", self.asset), ("venue", self.venue)):
            if name:
                require_name(field, name)
        require_number("least_units", self.least_units)
        require_number("most_units", self.most_units)
        if self.least_units > self.most_units:
            raise FieldError("least_units", f"{self.least_units} is more than most_units, {self.most_units}")
        if not self.asset and (self.least_units, self.most_units) != (0, MAX_UNITS):
            raise FieldError("asset", "a band of amounts needs an asset")


@dataclass(frozen=True, slots=True)
class Policy:
    """A party's rules. `notice_s`: time between the acceptance of a change that lets more happen (a destination
    allowed, a policy changed) and its effect.

    Raises FieldError for a rule that names no group of the policy, asks for more signers than the group has, or counts
    one person in two of its groups.
    """

    groups: tuple[Group, ...]
    rules: tuple[Rule, ...]
    notice_s: int

    def __post_init__(self) -> None:
        require_number("notice_s", self.notice_s)
        _require_distinct("groups", [group.name for group in self.groups])
        _require_some("rules", self.rules)
        for index, rule in enumerate(self.rules):
            self._require_sound(f"rules[{index}].quorums", rule)

    def group(self, name: str) -> Group | None:
        """The group of this name."""
        return next((group for group in self.groups if group.name == name), None)

    def _require_sound(self, path: str, rule: Rule) -> None:
        people: list[tuple[str, str]] = []
        for index, quorum in enumerate(rule.quorums):
            group = self.group(quorum.group)
            if group is None:
                raise FieldError(f"{path}[{index}].group", f"{quorum.group} is no group of this policy")
            if quorum.required > len(group.signers):
                why = f"{quorum.required} of {quorum.group}, which has {len(group.signers)}"
                raise FieldError(f"{path}[{index}].required", why)
            people += [(group.party, signer) for signer in group.signers]
        _require_distinct(path, [f"{signer} of {party}" for party, signer in people])


def _require_distinct(field: str, values: Iterable[str]) -> None:
    found = list(values)
    _require_some(field, found)
    twice = [value for value, times in Counter(found).items() if times > 1]
    if twice:
        raise FieldError(field, f"{twice[0]} is there twice")


def _require_some(field: str, values: list[str] | tuple[object, ...]) -> None:
    if not 1 <= len(values) <= MOST_PARTS:
        raise FieldError(field, f"{len(values)} entries, expected 1 to {MOST_PARTS}")
