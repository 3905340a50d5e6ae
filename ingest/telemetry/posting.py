"""What telemetry changes in the books: GPU waste, and what is shared by measured GPU-hours."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from app.chargeback.gpu_findings import find
from app.chargeback.gpu_waste import affected_periods, post_waste
from app.chargeback.posting import lock_posting, post
from app.db.queries.gpu_hours import billed_months
from app.db.queries.gpu_nodes import posted_periods
from ingest.telemetry.booking import BookedHours
from ingest.telemetry.job_booking import BookedJobs

_HOUR = timedelta(hours=1)
Posting = Callable[[Session, BookedHours], None]  # what is done with the hours once they are booked


def post_telemetry(session: Session, booked: BookedHours) -> None:
    """Posts every billing period that the booked hours bear upon, in the caller's transaction."""
    if booked.first_hour is None or booked.last_hour is None:
        return
    lock_posting(session)
    post(session, affected_periods(session, booked.first_hour, booked.last_hour + _HOUR))


def post_jobs(session: Session, booked: BookedJobs) -> None:
    """Posts what the booked jobs and nodes bear upon: work that failed, GPU-hours, boards, and nodes that were down."""
    lock_posting(session)
    if booked.starts_at and booked.ends_at:
        priced = affected_periods(session, booked.starts_at, booked.ends_at + _HOUR)
        post(session, {*priced, *billed_months(session, booked.starts_at, booked.ends_at)})
        find(session, [booked.ends_at.date().replace(day=1)])
    if booked.nodes:
        post_waste(session, posted_periods(session))


def post_when_an_hour_begins(session: Session, booked: BookedHours) -> None:
    """`post_telemetry` once an hour: for a source that tells a few minutes at a time."""
    if booked.begins_hour:
        post_telemetry(session, booked)
