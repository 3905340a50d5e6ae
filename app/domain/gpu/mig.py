"""How much of a board a MIG instance has: its slices against the board's own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

_PROFILE = re.compile(r"(\d+)g\.(\d+)gb")
# How many memory slices an instance of so many compute slices has when only its compute slices are known.
# Source: NVIDIA Multi-Instance GPU User Guide, supported profiles.
_USUAL_MEMORY = {8: {1: 1, 2: 2, 3: 4, 4: 4, 7: 8}, 4: {1: 1, 2: 2, 4: 4}}


@dataclass(frozen=True)
class Slices:
    """Into how many compute and memory slices a board is divided, and its memory in GB where that is known."""

    compute: int = 7
    memory: int = 8
    memory_gb: Fraction | None = None


def profile_weight(profile: str | None, board: Slices) -> Fraction | None:
    """The part of a board that an instance of a profile takes away from others; None where the profile is not known.

    It is the greater of its compute slices over the board's and its memory slices over the board's: an instance of 3
    compute slices and half of the memory leaves half of the board to others. A suffix such as +me says nothing of
    slices. Memory slices are whole: 10 GB of an 80 GB board is one.
    """
    found = _PROFILE.search(profile or "")
    if not found:
        return None
    compute, gigabytes = int(found[1]), int(found[2])
    if board.memory_gb:
        memory = max(1, round(Fraction(gigabytes) * board.memory / board.memory_gb))
    else:
        memory = _USUAL_MEMORY.get(board.memory, {}).get(compute, compute)
    return min(Fraction(1), max(Fraction(compute, board.compute), Fraction(memory, board.memory)))


def instance_shares(profiles: Mapping[int, str | None], board: Slices) -> dict[int, Fraction]:
    """The share of each instance of a board, by instance id; what is left to 1 is not partitioned.

    Weights of instances that fit on a board together may add up to more than 1 (4g + 3g come to 15/14); then they are
    divided by their sum. An instance whose profile nobody says counts as one of as many equal ones as there are.
    """
    equal = Fraction(1, max(1, len(profiles)))
    weights = {each: profile_weight(profile, board) or equal for each, profile in profiles.items()}
    whole = max(Fraction(1), sum(weights.values(), Fraction(0)))
    return {each: weight / whole for each, weight in weights.items()}
