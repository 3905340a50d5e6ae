"""How busy a GPU is through a demo week, minute by minute: the shapes that its telemetry is drawn with.

A shape gives a level between 0 and 1 for every minute of a span that begins at midnight, in UTC.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

MINUTES_A_DAY = 1440
Levels = npt.NDArray[np.float64]
_SATURDAY = 5
_STEP = 5  # minutes for which a draw holds: a file of noise is as large as it is useless


@dataclass(frozen=True)
class Span:
    """Whole days from `first` on; `seed` and `name` settle what is drawn at random."""

    first: date
    days: int
    seed: int
    name: str

    @property
    def minutes(self) -> int:
        """How many minutes it has."""
        return self.days * MINUTES_A_DAY

    @cached_property
    def hour(self) -> Levels:
        """The hour of day of each minute, with its fraction."""
        return (np.arange(self.minutes) % MINUTES_A_DAY) / 60

    @cached_property
    def is_workday(self) -> npt.NDArray[np.bool_]:
        """Whether each minute is on a day from Monday to Friday."""
        days = [(self.first + timedelta(days=each)).weekday() < _SATURDAY for each in range(self.days)]
        return np.repeat(np.array(days), MINUTES_A_DAY)

    def drawn(self, what: str) -> Levels:
        """A named draw from [0, 1) for every five minutes, the same every time."""
        digest = blake2b(f"{self.seed}|{self.name}|{what}|{self.first}".encode(), digest_size=8).digest()
        raw = np.random.PCG64(int.from_bytes(digest, "big")).random_raw(self.minutes // _STEP)
        return np.repeat((raw >> np.uint64(11)) / np.float64(1 << 53), _STEP)


Shape = Callable[[Span], Levels]


def always(level: float) -> Shape:
    """The same level all the time, give or take a tenth of it."""
    return lambda span: level * (0.9 + 0.2 * span.drawn("always"))


def never() -> Shape:
    """Nothing at all."""
    return lambda span: np.zeros(span.minutes)


def traffic(level: float, *, opens: int = 6, closes: int = 22) -> Shape:
    """Requests that swell from `opens` to mid-day and are gone by `closes`; at night nobody asks."""

    def shape(span: Span) -> Levels:
        day = np.sin(np.pi * np.clip((span.hour - opens) / (closes - opens), 0, 1))
        weekend = np.where(span.is_workday, 1.0, 0.5)
        return level * day * weekend * (0.8 + 0.4 * span.drawn("traffic"))

    return shape


def on_workdays(level: float) -> Shape:
    """At work day and night from Monday to Friday."""
    return lambda span: np.where(span.is_workday, always(level)(span), 0.0)


def bursts(level: float, *, every: int, lasting: int, after: int = 0) -> Shape:
    """At work for `lasting` of `every` minutes, `after` so many: it waits for images, checkpoints, the next batch."""

    def shape(span: Span) -> Levels:
        minute = np.arange(span.minutes) % every
        on = (minute >= after) & (minute < after + lasting)
        return np.where(on, level * (0.9 + 0.2 * span.drawn("bursts")), 0.0)

    return shape


def sessions(level: float, *, share: float) -> Shape:
    """Somebody in front of it: at office hours a cell runs in `share` of the quarters of an hour, else nothing does."""

    def shape(span: Span) -> Levels:
        at_desk = span.is_workday & (span.hour >= 9) & (span.hour < 18)
        quarter = np.repeat(span.drawn("sessions")[::15], 15)[: span.minutes] < share
        return np.where(at_desk & quarter, level * (0.5 + span.drawn("cell")), 0.0)

    return shape


def on_days(held: Callable[[int], bool]) -> Callable[[Span], npt.NDArray[np.bool_]]:
    """Held on the days of the span, counted from 0, for which `held` says so."""

    def mask(span: Span) -> npt.NDArray[np.bool_]:
        return np.repeat(np.array([held(day) for day in range(span.days)]), MINUTES_A_DAY)

    return mask


def all_days(span: Span) -> Any:
    """Held all the time."""
    return np.ones(span.minutes, dtype=bool)
