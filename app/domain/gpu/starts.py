"""The minutes in which a workload is starting: from its start to its first activity."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from app.domain.gpu.board_hour import BoardHour
from app.domain.gpu.minutes import MINUTES, WHOLE_HOUR, span
from app.domain.gpu.settings import LONGEST_IDLE

Starting = dict[tuple[int, int], int]  # minutes by hour and owner


def starting(facts: Iterable[Sequence[BoardHour]], limit: Callable[[int, int], int]) -> Starting:
    """The starting minutes of the workloads of one place, a board or an instance; `facts` are those of each hour.

    A workload starts in a minute in which it is seen where the minute before, of those in which the place was seen, did
    not show it. It is starting until it is active, and at most for the `limit` of the owner in the hour. What is there
    when telemetry begins may have been there before and is not starting; a gap in telemetry is no start.
    """
    found: Starting = {}
    present: set[int] | None = None  # owners in the last minute seen; None: not known
    waiting: dict[int, int] = {}  # since which minute
    last = 0
    for here in facts:
        hour = here[0].hour
        if present is None or (hour - last) * MINUTES > LONGEST_IDLE:
            present, waiting = {fact.owner_id for fact in here if fact.owner_id is not None}, {}
        seen = 0
        for fact in here:
            seen |= fact.observed
        for fact in here:
            if fact.owner_id is None:
                continue
            begins = list(_begins(fact, seen, was_present=fact.owner_id in present))
            if begins or fact.owner_id in waiting:
                minutes = _waited(fact, begins, waiting, limit(fact.owner_id, hour))
                if minutes:
                    found[hour, fact.owner_id] = minutes
        final = 1 << (seen.bit_length() - 1) if seen else 0
        present = {fact.owner_id for fact in here if fact.owner_id is not None and fact.observed & final}
        last = hour
    return found


def _begins(fact: BoardHour, seen: int, *, was_present: bool) -> Iterator[int]:
    """The minutes of the hour in which a workload appears."""
    if was_present and fact.observed == seen:
        return
    for minute in range(MINUTES):
        bit = 1 << minute
        if seen & bit:
            if fact.observed & bit and not was_present:
                yield minute
            was_present = bool(fact.observed & bit)


def _waited(fact: BoardHour, begins: Iterable[int], waiting: dict[int, int], limit: int) -> int:
    """What of the hour is spent waiting for first activity; `waiting` keeps who goes on to wait after it."""
    assert fact.owner_id is not None
    base = fact.hour * MINUTES
    pending = waiting.pop(fact.owner_id, None)
    minutes = 0
    for start in (*(() if pending is None else (pending - base,)), *begins):
        after = fact.active & ~span(0, start) & WHOLE_HOUR
        first_active = (after & -after).bit_length() - 1 if after else MINUTES
        minutes |= fact.observed & span(start, min(start + limit, first_active))
        if not after and start + limit > MINUTES:
            waiting[fact.owner_id] = base + start
    return minutes
