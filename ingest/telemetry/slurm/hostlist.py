"""Slurm's short way to write many host names: `gpu[01-03,07],login1`."""

import re
from collections.abc import Iterator
from itertools import product

from ingest.telemetry.unreadable import UnreadableRowError

_PART = re.compile(r"\[([^\[\]]*)\]|([^\[\]]+)")
_MOST = 100_000  # hosts in one list: the largest clusters have a tenth of that
# What sacct writes where a job has no node.
_NONE = frozenset({"", "none assigned", "none", "(null)", "unknown"})


def expanded(text: str) -> tuple[str, ...]:
    """The host names in a list, in its order. Raises UnreadableRowError when the list is cut off or malformed.

    Source: Slurm, `man scontrol`, `show hostnames`: ranges keep their leading zeros, brackets may appear twice.
    """
    if text.strip().lower() in _NONE:
        return ()
    return tuple(name for piece in _pieces(text.strip()) for name in _names(piece))


def _pieces(text: str) -> Iterator[str]:
    """The list cut at the commas outside of brackets."""
    depth, piece = 0, ""
    for character in text:
        depth += {"[": 1, "]": -1}.get(character, 0)
        if depth not in {0, 1}:
            break
        if character == "," and not depth:
            yield piece
            piece = ""
        else:
            piece += character
    if depth or not piece:
        raise UnreadableRowError(f"the list of nodes '{text}' is cut off or malformed")
    yield piece


def _names(piece: str) -> list[str]:
    parts = [_range(inside) if inside or not literal else [literal] for inside, literal in _PART.findall(piece)]
    count = 1
    for part in parts:
        count *= len(part)
    if not parts or count > _MOST:
        raise UnreadableRowError(f"'{piece}' names no node, or more than {_MOST:,}")
    return ["".join(name) for name in product(*parts)]


def _range(inside: str) -> list[str]:
    numbers = []
    for part in inside.split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last) < int(first) + _MOST):
            raise UnreadableRowError(f"'[{inside}]' is no range of nodes")
        numbers += [f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1)]
    return numbers
