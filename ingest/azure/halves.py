"""Which half of the books a file of cost details is: actual cost, amortized cost, or both because they are the same.

Actual cost has purchases of reservations and savings plans on the day they are invoiced, and usage that they cover at
zero. Amortized cost has no purchases; it spreads them over the usage they cover and the hours that went unused. Without
reservations and savings plans the two are the same.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from app.errors import BadInput


class Half(StrEnum):
    """What a row of a file says about cost."""

    ACTUAL = "actual"  # what is invoiced
    AMORTIZED = "amortized"  # what was used up
    BOTH = "both"  # there is nothing to amortize


@dataclass(frozen=True)
class Traces:
    """What a file shows of reservations and savings plans: how many rows of each sort."""

    rows: int
    purchases: int  # bought or refunded
    covered_free: int  # usage at zero cost
    covered_paid: int  # usage at a cost
    unused: int

    @property
    def any(self) -> bool:
        """Whether there are reservations or savings plans in it at all."""
        return bool(self.purchases or self.covered_free or self.covered_paid or self.unused)

    @property
    def half(self) -> Half | None:
        """What the rows say; None when they say nothing."""
        if self.covered_paid or self.unused:
            return Half.AMORTIZED
        return Half.ACTUAL if self.purchases or self.covered_free else None


_WORDS = {"actual": Half.ACTUAL, "amortized": Half.AMORTIZED, "amortised": Half.AMORTIZED}
_BOTH_HALVES = (
    "Hand over the actual and the amortized cost of the same days together, in one folder or as two files"
    " (Cost Management > Exports), or export FOCUS, which has both in one file."
)


def half_of_name(name: str) -> Half | None:
    """What the name of a file, or of a folder it lies in, says; None when it says nothing, or both."""
    said = {half for word, half in _WORDS.items() if word in name.casefold()}
    return said.pop() if len(said) == 1 else None


def halves(traces: Mapping[str, Traces], told: Mapping[str, Half]) -> dict[str, Half]:
    """The half that each file is, by its name. `told` are those that a manifest tells.

    A file that says nothing goes with the others of its folder. Raises BadInput when a half is missing, or when it
    cannot be told which half a file is.
    """
    found = {name: half for name, trace in traces.items() if (half := told.get(name) or _said(name, trace))}
    silent = [name for name in traces if name not in found]
    folders: dict[str, set[Half]] = defaultdict(set)
    for name, half in found.items():
        folders[_folder(name)].add(half)
    for name in silent:
        if len(folders[_folder(name)]) == 1 and _folder(name):
            found[name] = next(iter(folders[_folder(name)]))
    unknown = [name for name in traces if name not in found]
    if len(unknown) == len(traces):
        return dict.fromkeys(traces, Half.BOTH)
    if unknown and len(traces) == 2:
        (known,) = found.values()
        return {**found, unknown[0]: Half.AMORTIZED if known is Half.ACTUAL else Half.ACTUAL}
    if unknown:
        raise BadInput(
            f"{unknown[0]} shows no reservation or savings plan, so it may be actual or amortized cost. Put it in a"
            " folder called actual or amortized, or put the word in its name."
        )
    return _whole(traces, found)


def _said(name: str, trace: Traces) -> Half | None:
    """What a file says by its name and its rows. Raises BadInput when the two differ, or the rows do."""
    if trace.purchases and trace.half is Half.AMORTIZED:
        raise BadInput(
            f"{name} has purchases of reservations or savings plans, which only actual cost has, and usage or unused"
            f" hours at their amortized cost. The two cannot be told apart in one file. {_BOTH_HALVES}"
        )
    named = half_of_name(name)
    if named and trace.half and named is not trace.half:
        raise BadInput(
            f"{name} is called {named} and holds {trace.half} cost. Correct its name, or that of its folder."
        )
    return named or trace.half


def _whole(traces: Mapping[str, Traces], found: dict[str, Half]) -> dict[str, Half]:
    if len(set(found.values())) > 1:
        return found
    (half,) = set(found.values())
    if not any(trace.any for trace in traces.values()):
        return dict.fromkeys(found, Half.BOTH)
    names = " and ".join(sorted(found)[:2])
    one = f"{names} is {half} cost" if len(found) == 1 else f"{names} are both {half} cost"
    lacks = "amortized" if half is Half.ACTUAL else "actual"
    raise BadInput(f"{one} with reservations or savings plans in it, and the {lacks} cost is missing. {_BOTH_HALVES}")


def _folder(name: str) -> str:
    parent = PurePosixPath(name).parent.as_posix()
    return "" if parent == "." else parent


def same_usage(rows: int, shared: int) -> bool:
    """Whether a file with `rows` rows, `shared` of them in the other one too, is about the same usage."""
    return shared * 2 > rows
