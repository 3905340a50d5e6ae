"""`trueup schedule`: run every source that can be run, each as often as it needs."""

import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy import text

from app.cli.output import say
from app.db.session import engine, read_session
from app.domain.viewer import operator
from app.errors import Conflict
from app.settings import settings

# Held by the one scheduler that works; a second one is turned away.
LEADER_LOCK = 5_872_003
LOOK_SECONDS = 30


def schedule(
    once: Annotated[bool, typer.Option("--once", help="Run every source once, then stop.")] = False,
) -> None:
    """Run the sources that have a folder or are fetched from elsewhere, each as often as it needs.

    What fails for the moment is tried again after a minute, then two, four and so on. One scheduler works at a time.

    Example: trueup schedule --once
    """
    from app.actions.schedule import due_sources, run_scheduled, runnable_sources

    with engine().connect() as guard:
        if not guard.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LEADER_LOCK}):
            raise Conflict("Another scheduler is at work on this database. One is enough.")
        guard.commit()
        while True:
            with read_session() as session:
                names = runnable_sources(session) if once else due_sources(session, datetime.now(UTC))
            for name in names:
                say(run_scheduled(engine(), operator("scheduler"), settings(), name))
            if once:
                return
            time.sleep(LOOK_SECONDS)
            guard.execute(text("SELECT 1"))  # a lost connection is a lost lock: stop rather than run twice
            guard.commit()
