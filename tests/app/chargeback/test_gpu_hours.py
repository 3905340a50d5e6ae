"""GPU-hours as a driver: a shared cluster is paid by who was measured on it, and a closed month stays as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text

from app.chargeback.posting import lock_posting, post
from app.db.session import write_session
from app.db.tables.bills import Load
from app.db.tables.charges import Driver
from app.db.tables.gpu import GpuHourFact, GpuJob
from app.domain.gpu.minutes import span
from app.domain.period import Period
from tests.app.chargeback.months import APRIL, MARCH, Months, usage
from tests.app.gpu_books import GpuBooks
from tests.trueup import Trueup

POLICY = """
name: shared cluster
teams: [{id: search}, {id: speech}]
pools:
  - {id: cluster, name: Cluster, split: {driver: gpu_hours, fallback: even}}
rules:
  - {name: cluster, when: {column: SubAccountId, equals: cluster}, pool: cluster}
"""
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SEARCH, SPEECH = {"team": "search", "namespace": "a"}, {"team": "speech", "namespace": "b"}


@pytest.fixture
def months(trueup: Trueup, tmp_path: Path) -> Months:
    trueup.policy(POLICY)
    found = Months(trueup, tmp_path)
    found.bill(usage("cluster", "90", day="2026-03-02"))
    return found


@contextmanager
def measured(months: Months, month: Period = MARCH) -> Iterator[GpuBooks]:
    """Facts that are booked, and the month posted as booking does."""
    with write_session(months.trueup.engine) as session:
        lock_posting(session)
        books = GpuBooks(session)
        books._delivery = session.execute(
            text("SELECT max(source_id), max(id) FROM delivery WHERE format = 'samples'")
        ).one()
        if books._delivery[0] is None:
            books._delivery = None
        yield books
        session.flush()
        post(session, [month.start])


def hours(months: Months) -> dict[str | None, Decimal]:
    """The live GPU-hours by what they say of the team; idle ones under `idle`."""
    sums = select(Driver.dimensions, Driver.quantity).join(Load, Load.id == Driver.load_id).where(Load.state == "live")
    found: dict[str | None, Decimal] = {}
    with write_session(months.trueup.engine) as session:
        for said, quantity in session.execute(sums):
            key = said.get("state") or said.get("team")
            found[key] = found.get(key, Decimal(0)) + quantity
    return found


def test_a_pool_is_split_by_measured_gpu_hours(months: Months) -> None:
    assert months.owed(MARCH) == {"search": Decimal("45.00"), "speech": Decimal("45.00")}
    with measured(months) as books:
        books.hour("2026-03-02T08", "GPU-1", owner=SEARCH)
        books.hour("2026-03-02T09", "GPU-1", owner=SEARCH)
        books.hour("2026-03-02T08", "GPU-2", owner=SPEECH)
        books.hour("2026-03-02T09", "GPU-2")  # nobody's
    assert hours(months) == {"search": 2, "speech": 1, "idle": 1}
    assert months.owed(MARCH) == {"search": Decimal("60.00"), "speech": Decimal("30.00")}


def test_the_statement_says_by_what_it_was_split(months: Months) -> None:
    assert "evenly, because there is no gpu_hours in the month" in str(months.statement(MARCH)[0].splits)
    with measured(months) as books:
        books.hour("2026-03-02T08", "GPU-1", owner=SEARCH)
    assert "by gpu_hours" in str(months.statement(MARCH)[0].splits)


def test_a_board_that_is_shared_is_counted_once(months: Months) -> None:
    with measured(months) as books:
        books.hour("2026-03-02T08", "GPU-1", owner=SEARCH)  # time-sliced: half each while both are there
        books.hour("2026-03-02T08", "GPU-1", owner=SPEECH, observed=span(0, 30))
        for instance, profile, owner in ((1, "3g.40gb", SEARCH), (2, "3g.40gb", SPEECH)):
            books.hour("2026-03-02T08", "GPU-2", owner=owner, instance=instance, mig_profile=profile)
        books.hour("2026-03-02T09", "GPU-1", owner=SEARCH, instance=1, mig_profile="4g.40gb")
    # GPU-2's instances take half each: 3 of 7 compute slices, and 4 of 8 memory slices. 4g takes 4/7.
    assert hours(months) == {
        "search": Decimal("1.821428571"),
        "speech": Decimal("0.75"),
        "idle": Decimal("0.428571429"),
    }


def test_what_is_active_without_an_owner_is_in_use_and_nobody_s(months: Months) -> None:
    with measured(months) as books:
        books.hour("2026-03-02T08", "GPU-1", active=span(0, 15))
    assert hours(months) == {None: Decimal("0.25"), "idle": Decimal("0.75")}


def test_of_two_sources_the_one_that_saw_more_counts(months: Months) -> None:
    with measured(months) as books:
        books.hour("2026-03-02T08", "GPU-1", owner=SEARCH, observed=span(0, 20))
        other = GpuBooks(books.session)
        other._delivery = books.session.execute(
            text("SELECT source_id, id FROM delivery WHERE format = 'focus'")
        ).first()
        other.hour("2026-03-02T08", "GPU-1", owner=SPEECH, observed=span(0, 40))
        assert other._delivery != books._delivery
    assert hours(months).keys() == {"speech"}


def a_job(books: GpuBooks, job_id: str, start: datetime, lasted: timedelta | None, **fields: object) -> None:
    source, delivery = books._telemetry()
    values = {"gpus": 8, "node_count": 2, "nodes": ["n1", "n2"], "team": "search", "state": "COMPLETED", **fields}
    ended = None if lasted is None else start + lasted
    books.session.add(
        GpuJob(source_id=source, delivery_id=delivery, job_id=job_id, started_at=start, ended_at=ended, **values)
    )


def test_jobs_count_where_there_is_no_telemetry_and_are_cut_at_midnight(months: Months) -> None:
    with measured(months) as books:
        a_job(books, "1", datetime(2026, 2, 28, 22, tzinfo=UTC), timedelta(hours=5))  # three hours in March
        a_job(books, "2", NOON, timedelta(hours=1), team="speech", gpus=4)
        a_job(books, "3", NOON, timedelta(hours=1))  # measured: telemetry saw half of it
        books.hour("2026-03-02T12", "GPU-1", owner={"job_id": "3", "team": "search"}, observed=span(0, 30))
        a_job(books, "4", NOON, None, gpus=1)  # runs; the last thing that is known is the end of job 5
        a_job(books, "5", NOON + timedelta(hours=1), timedelta(hours=1), gpus=0)
    assert hours(months) == {"search": 24 + Decimal("0.5") + 2, "speech": 4}


def test_a_closed_month_replays_when_telemetry_is_corrected(months: Months) -> None:
    with measured(months) as books:
        books.hour("2026-03-02T08", "GPU-1", owner=SEARCH)
        books.hour("2026-03-02T08", "GPU-2", owner=SPEECH)
    months.close_all(MARCH)
    before = months.replay(MARCH)
    assert before.identical
    with measured(months) as books:
        books.hour("2026-03-02T09", "GPU-1", owner=SEARCH)  # late data
    assert months.replay(MARCH) == before
    assert months.owed(MARCH) == {"search": Decimal("45.00"), "speech": Decimal("45.00")}
    assert months.owed(APRIL) == {"search": Decimal("15.00"), "speech": Decimal("-15.00")}
    months.bill(usage("cluster", "9", day="2026-04-02"))
    with measured(months, APRIL) as books:
        books.hour("2026-04-02T08", "GPU-1", owner=SPEECH)
    months.close_all(APRIL)
    adjusted = months.replay(APRIL)
    for month in (MARCH, APRIL):
        with measured(months, month) as books:
            books.session.execute(delete(GpuHourFact))
    assert months.replay(MARCH) == before
    assert months.replay(APRIL) == adjusted


def test_what_no_statement_rests_on_is_not_kept_twice(months: Months) -> None:
    for hour in range(3):
        with measured(months) as books:
            books.hour(f"2026-03-02T{hour:02d}", "GPU-1", owner=SEARCH)
    loads = [each for each in months.trueup.all(Load) if not each.totals]
    assert [each.state for each in loads] == ["live"]
    assert hours(months) == {"search": 3}


def test_nothing_is_kept_of_a_month_without_a_bill(months: Months) -> None:
    with write_session(months.trueup.engine) as session:
        lock_posting(session)
        GpuBooks(session).hour("2026-02-02T08", "GPU-1", owner=SEARCH)
        post(session, [datetime(2026, 2, 1, tzinfo=UTC).date()])
    assert hours(months) == {}
