"""Which rule of a policy decides about an instruction, and whom its quorums still lack."""

from collections.abc import Iterable
from dataclasses import dataclass

from custody.declined import Declined, Refusal
from custody.governance import ApprovalState
from custody.instructions import AllowDestination, Delegate, Instruction, Move, Recall, RemoveDestination, Withdraw
from custody.keyring import Holding
from custody.policies import DestinationClass, Policy, Rule


@dataclass(frozen=True, slots=True)
class Facets:
    """What rules look at; "" and None where an instruction has no such thing."""

    asset: str = ""
    venue: str = ""
    units: int | None = None
    destination: str = ""


def facets(instruction: Instruction) -> Facets:
    """What rules look at in this instruction. Only a withdrawal goes to a destination; a listing names one."""
    match instruction:
        case Delegate() | Recall() | Move():
            return Facets(instruction.amount.asset, instruction.venue, instruction.amount.units)
        case Withdraw():
            amount = instruction.amount
            return Facets(amount.asset, units=amount.units, destination=instruction.destination)
        case AllowDestination() | RemoveDestination():
            return Facets(instruction.asset)
    return Facets()


def ruling(state: ApprovalState, policy: Policy, instruction: Instruction, now_s: int) -> int | Declined:
    """The place of the first rule that fits; Declined says what would have to be different for one to fit."""
    seen = facets(instruction)
    concerned = [place for place, rule in enumerate(policy.rules) if _concerns(rule, instruction, seen)]
    if not concerned:
        return Declined(Refusal.NO_RULE_FITS, f"no rule of {instruction.authority} is about {_told(instruction, seen)}")
    good_from_s = state.good_from_s(instruction.party, seen.asset, seen.destination)
    known = not seen.destination or (good_from_s is not None and good_from_s <= now_s)
    reaching = [place for place in concerned if known or policy.rules[place].destination is DestinationClass.ANY]
    if not reaching:
        if good_from_s is None:
            return Declined(Refusal.DESTINATION_IS_NOT_ALLOWED, f"{seen.destination} is not on the list")
        return Declined(Refusal.DESTINATION_IS_TIME_LOCKED, f"{seen.destination} is good from {good_from_s} on")
    for place in reaching:
        rule = policy.rules[place]
        if seen.units is None or rule.least_units <= seen.units <= rule.most_units:
            return place
    bands = ", ".join(f"{policy.rules[place].least_units}..{policy.rules[place].most_units}" for place in reaching)
    return Declined(Refusal.AMOUNT_IS_OUTSIDE_THE_RULES, f"{seen.units} units; the rules are for {bands}")


def lacking(policy: Policy, rule: Rule, signed: Iterable[Holding]) -> str:
    """Whom the quorums of a rule still lack, in words; "" where all are reached."""
    people = {(holding.party, holding.signer) for holding in signed}
    told = []
    for quorum in rule.quorums:
        group = policy.group(quorum.group)
        if group is None:  # a Policy is not made with such a rule
            continue
        silent = [signer for signer in group.signers if (group.party, signer) not in people]
        reached = len(group.signers) - len(silent)
        if reached < quorum.required:
            told.append(f"{group.name} of {group.party}: {reached} of {quorum.required} ({' or '.join(silent)})")
    return "; ".join(told)


def _concerns(rule: Rule, instruction: Instruction, seen: Facets) -> bool:
    return (
        instruction.operation in rule.operations and rule.asset in {"", seen.asset} and rule.venue in {"", seen.venue}
    )


def _told(instruction: Instruction, seen: Facets) -> str:
    words = [instruction.operation.value, f"of {seen.asset}" * bool(seen.asset), f"at {seen.venue}" * bool(seen.venue)]
    return " ".join(word for word in words if word)
