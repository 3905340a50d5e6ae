"""How fresh a source is, and how its scheduled runs go."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from app.db.tables.bills import Delivery, ScheduledRun, Source
from app.domain.source_status import SourceStatus
from app.domain.viewer import Scope, Viewer, operator
from app.reports.sources import sources
from frontend.components.freshness import freshness_card
from frontend.pages.health import _cadence, _run

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def source(session: Session, **config: int) -> int:
    added = Source(name="aws", kind="focus", config=config)
    session.add(added)
    session.flush()
    return added.id


def ran(session: Session, of: int, state: str, *, at: datetime, next_run: datetime, message: str | None = None) -> None:
    session.add(ScheduledRun(source_id=of, state=state, message=message, finished_at=at, next_run_at=next_run))
    session.flush()


def status(session: Session, viewer: Viewer | None = None) -> SourceStatus:
    (found,) = sources(session, viewer or operator())
    return found


def badge(session: Session, now: datetime) -> str:
    card = freshness_card([status(session)], now=now)
    badges = [each for each in card._traverse() if "badge" in str(getattr(each, "className", ""))]
    return str(badges[0].children)


def test_a_source_says_when_it_ran_how_that_went_and_when_it_runs_again(session: Session) -> None:
    ran(session, source(session), "done", at=NOON, next_run=NOON + 6 * HOUR, message="3 rows")
    found = status(session)
    assert (found.last_run_message, found.last_run_at, found.cadence_minutes) == ("3 rows", NOON, 360)
    assert (_run(found), _cadence(found.cadence_minutes)) == ("✓ done: 3 rows", "6 h")


def test_a_run_is_overdue_once_a_whole_cadence_was_missed(session: Session) -> None:
    ran(session, source(session), "done", at=NOON, next_run=NOON + 6 * HOUR)
    assert not status(session).overdue(NOON + 12 * HOUR)
    assert status(session).overdue(NOON + 13 * HOUR)
    assert badge(session, NOON + 13 * HOUR) == "Run overdue"


def test_a_cadence_that_was_told_counts_whatever_a_retry_left(session: Session) -> None:
    of = source(session, cadence_minutes=90)
    ran(session, of, "failed", at=NOON, next_run=NOON + HOUR / 60, message="Cut off.")
    assert status(session).cadence_minutes == 90
    assert _cadence(90) == "90 min"


def test_a_retry_is_no_cadence(session: Session) -> None:
    ran(session, source(session), "failed", at=NOON, next_run=NOON + HOUR / 60)
    assert status(session).cadence_minutes is None
    assert not status(session).overdue(NOON + 99 * HOUR)


def test_a_failed_run_is_shown_until_something_is_handed_over(session: Session) -> None:
    of = source(session)
    ran(session, of, "failed", at=NOON, next_run=NOON + HOUR, message="The key has expired.")
    assert badge(session, NOON) == "Last run failed"
    later = Delivery(source_id=of, sha256="", format="focus", files=[], state="loaded", received_at=NOON + HOUR)
    session.add(later)
    session.flush()
    assert badge(session, NOON) == "Nothing yet"


def test_a_viewer_of_some_teams_sees_no_messages(session: Session) -> None:
    ran(session, source(session), "failed", at=NOON, next_run=NOON + HOUR, message="cell 7 of the bill")
    limited = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"ai"}))
    found = status(session, limited)
    assert (found.last_run_state, found.last_run_message) == ("failed", None)
