"""The scheduler's book: every run has an end, and says when the next one is."""

from datetime import UTC, datetime, timedelta

from app.actions.schedule import due_sources, run_scheduled, runnable_sources
from app.actions.sources import add_source, change_source
from app.db.session import read_session, write_session
from app.db.tables.bills import ScheduledRun
from app.domain.viewer import operator
from app.errors import NotPermitted, Unavailable
from tests.ingest import shelf
from tests.ingest.bills import focus_row
from tests.ingest.shelf import offer
from tests.trueup import Trueup

GONE = Unavailable("The network is gone. It is tried again.")


def run(trueup: Trueup) -> timedelta:
    """Runs the vendor; how long until its next run."""
    run_scheduled(trueup.engine, operator("scheduler"), trueup.config, "vendor")
    last = trueup.all(ScheduledRun)[-1]
    return last.next_run_at - last.finished_at  # type: ignore[no-any-return]


def due(trueup: Trueup, *, hours: float = 0) -> list[str]:
    with read_session(trueup.engine) as session:
        return due_sources(session, datetime.now(UTC) + timedelta(hours=hours))


def test_a_source_is_due_until_it_has_run_and_again_after_its_cadence(trueup: Trueup, on_shelf: list[shelf.On]) -> None:
    with write_session(trueup.engine) as session:
        change_source(session, operator(), "vendor", {"cadence_minutes": 120})
    on_shelf.append(offer("2026-03", "v1", [focus_row("1")]))
    assert due(trueup) == ["guesses", "vendor"]
    assert run(trueup) == timedelta(hours=2)
    assert due(trueup) == ["guesses"]
    assert due(trueup, hours=2.1) == ["guesses", "vendor"]


def test_what_fails_for_the_moment_is_tried_again_ever_later_and_never_later_than_the_cadence(
    trueup: Trueup, on_shelf: list[shelf.On]
) -> None:
    on_shelf.append(GONE)
    waits = [run(trueup) for _ in range(11)]
    minutes = [wait.total_seconds() / 60 for wait in waits]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]
    on_shelf[:] = [offer("2026-03", "v1", [focus_row("1")])]
    assert run(trueup) == timedelta(hours=6)
    on_shelf[:] = [GONE]
    assert run(trueup) == timedelta(minutes=1)


def test_what_needs_somebody_to_act_waits_for_the_cadence(trueup: Trueup, on_shelf: list[shelf.On]) -> None:
    on_shelf.append(NotPermitted("The key has expired. Make a new one."))
    assert run(trueup) == timedelta(hours=6)
    last = trueup.all(ScheduledRun)[-1]
    assert (last.state, last.message) == ("failed", "The key has expired. Make a new one.")


def test_a_run_that_a_crash_cut_short_has_an_end(trueup: Trueup, on_shelf: list[shelf.On]) -> None:
    run(trueup)
    with write_session(trueup.engine) as session:
        first = session.get_one(ScheduledRun, 1)
        first.state, first.finished_at = "running", None
    run(trueup)
    assert [(each.state, each.message) for each in trueup.all(ScheduledRun)] == [
        ("failed", "interrupted"),
        ("done", "nothing new"),
    ]


def test_only_sources_that_can_be_run_are(trueup: Trueup, on_shelf: list[shelf.On]) -> None:
    with write_session(trueup.engine) as session:
        add_source(session, operator(), kind="focus", name="by-hand", config={})
    with read_session(trueup.engine) as session:
        assert runnable_sources(session) == ["guesses", "vendor"]
