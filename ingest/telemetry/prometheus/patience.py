"""Asking until there is an answer: what is too large is halved; a busy server is waited for, then asked for less."""

from collections.abc import Iterator
from itertools import count

from ingest import http
from ingest.telemetry.prometheus.client import Answer, Busy, Prometheus, Question, TooLarge

MOST_POINTS = 10_000  # of a series in an answer; Prometheus gives 11,000
MOST_VALUES = 1_000_000  # of all series in an answer, about 25 MB of JSON
ATTEMPTS = 6  # turned away so often in a row, we give up


def answers(server: Prometheus, question: Question, *, series: int) -> Iterator[tuple[Question, Answer]]:
    """The answer to `question` in as many parts as it takes, in order; `series` is how many it may be about.

    Raises TooLarge when the server gives not even one moment of it, Busy when it turns us away too often, and what
    `Prometheus.ask` raises.
    """
    pending = list(reversed(list(cut(question, series=series))))
    refusals = 0
    while pending:
        asked = pending.pop()
        try:
            answer = server.ask(asked)
        except TooLarge:
            if asked.points == 1:
                raise
            pending += reversed(asked.halves())
        except Busy as busy:
            refusals += 1
            _wait(busy, refusals)
            pending += reversed(asked.halves()) if asked.points > 1 else (asked,)
        else:
            refusals = 0
            yield asked, answer


def at_moment(server: Prometheus, query: str, at: float) -> Answer:
    """The answer to a query at one moment, also where the server turns us away first. Raises what `answers` raises."""
    for refusals in count(1):
        try:
            return server.instant(query, at)
        except Busy as busy:
            _wait(busy, refusals)
    raise AssertionError  # there is always a next attempt, or `busy` is raised


def cut(question: Question, *, series: int) -> Iterator[Question]:
    """`question` in parts whose answers are small enough for most servers, and for our memory."""
    most = max(1, min(MOST_POINTS, MOST_VALUES // max(series, 1)))
    for first in range(0, question.points, most):
        last = min(first + most, question.points) - 1
        yield Question(
            question.query,
            question.start + first * question.step,
            question.start + last * question.step,
            question.step,
        )


def _wait(busy: Busy, refusals: int) -> None:
    """Waits as long as the server asks for, else twice as long each time. Raises `busy` when that is too long."""
    seconds = http.FIRST_WAIT_SECONDS * 2**refusals if busy.after_seconds is None else busy.after_seconds
    if refusals == ATTEMPTS or seconds > http.LONGEST_WAIT_SECONDS:
        raise busy
    http.pause(seconds)
