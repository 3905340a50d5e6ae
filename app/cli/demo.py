"""`trueup demo`: a made-up AI company to look at, in a database of its own."""

import json
import os
import shutil
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import make_url

from app.cli.output import progress_bar, say
from app.cli.serve import Host, Port, check_exposure, run
from app.db.session import database_url, engine, forget_engine, write_session
from app.domain.viewer import operator
from app.settings import Settings, settings

DATABASE = "trueup_demo"


def demo(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    today: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day the story ends before.")] = None,
    serve: Annotated[bool, typer.Option(help="Serve it when it is there.")] = True,
) -> None:
    """Make the demo company, ingest its bills, and serve it. A second start finds it there and ingests nothing.

    Demo dollars never mix with real ones: the demo has a database and an archive of its own.

    Example: trueup demo --port 9000
    """
    check_exposure(host)
    use_demo_database(settings())
    make_company((today or datetime.now(tz=UTC)).date())
    if serve:
        run(host, port)


def use_demo_database(config: Settings) -> None:
    """Points this process at the demo's own database and data folder."""
    if config.database_url:
        url = make_url(config.database_url)
        url = url.set(database=f"{url.database}_demo")
        _create_beside(config.database_url, str(url.database))
        demo_url = url.render_as_string(hide_password=False)
    else:
        demo_url = database_url(config, DATABASE)
    os.environ["TRUEUP_DATABASE_URL"] = demo_url
    os.environ["TRUEUP_DATA_DIR"] = str(config.data_dir / "demo")
    settings.cache_clear()
    forget_engine()


def _create_beside(url: str, database: str) -> None:
    from app.db.session import create_database

    create_database(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False), database)


def make_company(today: date) -> None:
    """Writes and ingests the demo company unless it is there already."""
    from app.db.migrate import upgrade

    upgrade(engine())
    config = settings()
    note = config.data_dir / "demo.json"
    made = json.loads(note.read_text()) if note.exists() else {}
    if made.get("complete"):
        return
    # Only now: reading bills takes seconds to import, and a second start reads none.
    from app.actions.ingest import ingest_paths
    from app.actions.policy import apply_policy
    from ingest.demo.company import POLICY, write_company

    began = time.monotonic()
    # An interrupted start goes on with the company it began.
    today = date.fromisoformat(made["today"]) if made else today
    config.data_dir.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps({"today": str(today), "complete": False}))
    say(f"Making the demo company: its bills up to {today}, exclusive …")
    folder = config.data_dir / "bills"
    deliveries = write_company(folder, today=today)
    with write_session() as session:
        apply_policy(session, operator(), Path(POLICY).read_text(encoding="utf-8"))
    for delivery in deliveries:
        say(f"Ingesting {delivery.source}: {delivery.note}")
        with progress_bar() as progress:
            ingest_paths(engine(), operator(), config, [delivery.path], source_name=delivery.source, progress=progress)
    _ingest_telemetry(config, config.data_dir / "telemetry", today)
    shutil.rmtree(folder)  # the archive has every byte
    note.write_text(json.dumps({"today": str(today), "complete": True}))
    say(f"The demo company is ready after {time.monotonic() - began:.0f} s.")


def _ingest_telemetry(config: Settings, folder: Path, today: date) -> None:
    """Writes and ingests what the company's GPUs and their scheduler reported in the last weeks."""
    from app.actions.gpu_nodes import import_node_map
    from app.actions.telemetry import ingest_telemetry_paths
    from ingest.demo.gpu_telemetry import JOBS, SAMPLES, node_map, write_jobs, write_telemetry

    say("Ingesting what the GPUs did: samples of every minute of the last two weeks, and a scheduler's jobs")
    with write_session() as session:
        import_node_map(session, operator(), node_map(today), "nodes.csv")
    samples = write_telemetry(folder / SAMPLES, today=today)
    jobs = write_jobs(folder / f"{JOBS}.csv", today=today)
    # Jobs first, so that the waste that samples are posted as knows which of them failed.
    for source, file_format, paths in ((JOBS, "jobs", [jobs]), (SAMPLES, "samples", samples)):
        with progress_bar() as progress:
            ingest_telemetry_paths(
                engine(), operator(), config, paths, source_name=source, file_format=file_format, progress=progress
            )
    shutil.rmtree(folder)
