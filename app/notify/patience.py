"""Asking again when a service falters for a moment."""

from collections.abc import Callable
from time import sleep
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from app.errors import Unavailable

Answer = TypeVar("Answer")

ATTEMPTS = 4
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 30.0
TIMEOUT_SECONDS = 20.0


class Passing(Unavailable):
    """A fault worth another attempt; `after_seconds` is when the service asks for it."""

    def __init__(self, message: str, *, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


def pause(seconds: float) -> None:
    """Waits before the next attempt."""
    sleep(seconds)


def patiently(attempt: Callable[[], Answer]) -> Answer:
    """What `attempt` returns, tried four times while it raises Passing. Raises the last one."""
    retrying = Retrying(
        retry=retry_if_exception_type(Passing),
        stop=stop_after_attempt(ATTEMPTS),
        wait=_wait,
        sleep=pause,
        reraise=True,
    )
    return retrying(attempt)


_backoff = wait_exponential_jitter(initial=FIRST_WAIT_SECONDS, max=LONGEST_WAIT_SECONDS, jitter=FIRST_WAIT_SECONDS)


def _wait(state: RetryCallState) -> float:
    """As long as the service asked for, within reason; else twice as long each time."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.after_seconds if isinstance(error, Passing) else None
    return _backoff(state) if asked is None else min(asked, LONGEST_WAIT_SECONDS)
