"""Bringing bills in."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.actions.audit import record
from app.actions.sources import add_source, find_source, only_source
from app.db.queries.deliveries import loaded_versions
from app.db.queries.loads import has_loads, holds_charges
from app.db.session import write_session
from app.db.tables.bills import Source
from app.domain.period import months_back, next_month
from app.domain.viewer import Scope, Viewer
from app.errors import BadInput, NotPermitted, TrueupError, Unavailable
from app.settings import Settings
from ingest.disk import naming_the_full_disk
from ingest.files import Progress, bill_files
from ingest.kind import Kind, Offer, SourceSettings, Window
from ingest.kinds import kind
from ingest.pipeline import Outcome, Snapshot, ingest_files, no_progress, record_refusal

FIRST_MONTHS = 13  # how far back a source is asked the first time, unless it is told since when


@dataclass(frozen=True)
class Run:
    """What became of everything that a source offered."""

    outcomes: tuple[Outcome, ...]
    failures: tuple[TrueupError, ...]

    @property
    def worth_a_retry(self) -> bool:
        """Whether what failed may work later without anybody doing anything."""
        return any(isinstance(failure, Unavailable) for failure in self.failures)


def ingest_paths(
    bound: Engine,
    viewer: Viewer,
    config: Settings,
    paths: Sequence[Path],
    *,
    source_name: str | None,
    file_format: str | None = None,
    settings: Mapping[str, Any] | None = None,
    snapshot: Snapshot | None = None,
    replace_accounts: bool = False,
    allow_overlap: bool = False,
    progress: Progress = no_progress,
) -> Outcome:
    """Ingests files into a source, which is added, with `settings`, when its name is new.

    Without a name, the only source of that format is meant; without a format, that of the source, or FOCUS. Raises what
    `ingest.pipeline.ingest_files` raises.
    """
    viewer.require_everything(Scope.WRITE_INGEST)
    with write_session(bound) as session:
        name = source_name or only_source(session, file_format or "focus")
        known = session.scalars(select(Source).where(Source.name == name)).first()
        if known and file_format and file_format != known.kind:
            raise BadInput(
                f"The source {name} reads {known.kind} files, not {file_format}. Use another name for these."
            )
        if known and settings:
            raise BadInput(f"The source {name} has its settings already. Change them with `trueup sources set {name}`.")
        format_name = known.kind if known else file_format or "focus"
        bill_files(paths, kind(format_name).suffixes)  # a mistyped path must not add a source
        if not known:
            add_source(session, viewer, kind=format_name, name=name, config={"by_hand": True, **(settings or {})})

    def audit(session: Session, outcome: Outcome) -> None:
        periods = [f"{load.period:%Y-%m}" for load in outcome.loads]
        rows = {"rows": outcome.rows_in, "quarantined": outcome.rows_quarantined}
        record(session, viewer, "ingest", name, sha256=outcome.sha256, periods=periods, **rows)

    return ingest_files(
        bound,
        config,
        name,
        paths,
        snapshot=snapshot,
        progress=progress,
        replace_accounts=replace_accounts,
        allow_overlap=allow_overlap,
        on_booked=audit,
    )


def run_source(
    bound: Engine,
    viewer: Viewer,
    config: Settings,
    name: str,
    *,
    month: date | None = None,
    progress: Progress = no_progress,
) -> Run:
    """Ingests what a configured source offers now: only of the billing `month`, if one is given.

    A delivery that cannot be used does not keep the others out; a source that cannot be reached ends the run. Raises
    BadInput for a source that is only fed by hand.
    """
    viewer.require_everything(Scope.WRITE_INGEST)
    with write_session(bound) as session:
        source = find_source(session, name)
        source_kind = kind(source.kind)
        told = source_kind.settings.model_validate(source.config)
        window = _window(session, source, source_kind, told, month)
        # Charges of a source that has been set to be billed elsewhere since are to give way, whatever their version.
        to_give_way = told.billed_elsewhere and holds_charges(session, source.id, window.start, window.end)
        versions = {} if to_give_way else loaded_versions(session, source.id)
    if not can_run(source_kind, told):
        raise BadInput(
            f"'{name}' is fed by hand: `trueup ingest file PATH --source {name}`. To have it fetched, say from where"
            f" (`trueup sources kinds {source_kind.name}`)."
        )
    if told.path or source_kind.offers is None:
        return _run_folder(bound, viewer, config, name, path=told.path, progress=progress)
    outcomes: list[Outcome] = []
    failures: list[TrueupError] = []
    try:
        for offer in source_kind.offers(told, window):
            if versions.get(offer.scope) == offer.version:
                outcomes.append(Outcome(name, "", unchanged=True, label=offer.label))
                continue
            try:
                outcomes.append(_take(bound, viewer, config, name, offer, progress=progress))
            except (Unavailable, NotPermitted):
                raise
            except TrueupError as error:
                failures.append(error)
    except (Unavailable, NotPermitted) as error:
        failures.append(error)
    return Run(tuple(outcomes), tuple(failures))


def can_run(source_kind: Kind, told: SourceSettings) -> bool:
    """Whether a source can be run: it has a folder, or is told where to fetch from."""
    return told.path is not None or (source_kind.offers is not None and told.fetches)


def _run_folder(
    bound: Engine, viewer: Viewer, config: Settings, name: str, *, path: Path | None, progress: Progress
) -> Run:
    assert path is not None, "can_run has said so"
    try:
        return Run((ingest_paths(bound, viewer, config, [path], source_name=name, progress=progress),), ())
    except TrueupError as error:
        return Run((), (error,))


def _window(session: Session, source: Source, source_kind: Kind, told: SourceSettings, month: date | None) -> Window:
    today = datetime.now(UTC).date()
    if month:
        return Window(month, next_month(month), today)
    if has_loads(session, source.id):
        start = months_back(today, source_kind.trailing_months)
    else:
        start = told.since.replace(day=1) if told.since else months_back(today, FIRST_MONTHS)
    return Window(start, next_month(today), today)


def _take(bound: Engine, viewer: Viewer, config: Settings, name: str, offer: Offer, *, progress: Progress) -> Outcome:
    """Fetches what a source offers, and ingests it. A delivery that could not be fetched is on record as refused."""
    snapshot = Snapshot(offer.scope, offer.version)
    with download_folder(config, name) as folder:
        try:
            with naming_the_full_disk(config):
                paths = offer.fetch(folder, progress)
        except TrueupError as error:
            record_refusal(bound, name, snapshot, f"{offer.label}: {error}")
            raise
        outcome = ingest_paths(bound, viewer, config, paths, source_name=name, snapshot=snapshot, progress=progress)
    return replace(outcome, label=offer.label)


@contextmanager
def download_folder(config: Settings, name: str) -> Iterator[Path]:
    """An empty folder for what a source hands over, gone when the block ends."""
    folder = config.temp_dir / f"fetch-{name}"
    shutil.rmtree(folder, ignore_errors=True)  # what a crash may have left
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
