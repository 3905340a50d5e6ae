"""Runs of minutes over many hours at once: `app.domain.gpu.runs` for a month of a fleet, by numpy."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from app.domain.gpu.minutes import MINUTES

_AT_ONCE = 200_000  # hours: sixty bytes each


class RunLengths(NamedTuple):
    """Runs of consecutive minutes: whose each is, and how many minutes it has."""

    holders: npt.NDArray[np.int64]
    minutes: npt.NDArray[np.int64]


def run_lengths(
    holders: npt.NDArray[np.int64], hours: npt.NDArray[np.int64], sets: npt.NDArray[np.int64]
) -> RunLengths:
    """The runs in sets of minutes of hours (since 1970), sorted by holder and hour, none twice.

    A run crosses hours and days. A minute that is missing ends it, and so does another holder.
    """
    found_holders, starts, ends = [], [], []
    for first in range(0, len(sets), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        rows, minutes = np.nonzero(_as_bits(sets[part]))
        at = hours[part][rows] * MINUTES + minutes
        whose = holders[part][rows]
        if not len(at):
            continue
        breaks = np.flatnonzero((np.diff(at) != 1) | (np.diff(whose) != 0)) + 1
        found_holders.append(whose[np.r_[0, breaks]])
        starts.append(at[np.r_[0, breaks]])
        ends.append(at[np.r_[breaks - 1, len(at) - 1]] + 1)
    if not starts:
        nothing = np.zeros(0, dtype=np.int64)
        return RunLengths(nothing, nothing)
    return _joined(np.concatenate(found_holders), np.concatenate(starts), np.concatenate(ends))


def _as_bits(sets: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """A row of sixty noughts and ones for each set."""
    as_bytes = np.ascontiguousarray(sets.astype("<u8")).view(np.uint8).reshape(-1, 8)
    return np.unpackbits(as_bytes, axis=1, bitorder="little")[:, :MINUTES]


def _joined(holders: npt.NDArray[np.int64], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> RunLengths:
    """Runs that were cut where one part of the hours ends and the next begins, made whole."""
    begins = np.r_[True, (starts[1:] != ends[:-1]) | (holders[1:] != holders[:-1])]
    first = np.flatnonzero(begins)
    last = np.r_[first[1:] - 1, len(starts) - 1]
    return RunLengths(holders[first], ends[last] - starts[first])
