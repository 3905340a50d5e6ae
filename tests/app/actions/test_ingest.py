"""Bringing bills in, as a person or a scheduler does it."""

from pathlib import Path

import pytest

from app.actions.ingest import ingest_paths, run_source
from app.actions.schedule import run_scheduled
from app.actions.sources import add_source
from app.db.session import write_session
from app.db.tables.bills import ScheduledRun, Source
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, NotAllowed, NotFound
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup


def test_a_new_name_adds_its_source(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("1")]), source="aws")
    assert [(source.name, source.kind) for source in trueup.all(Source)] == [("aws", "focus")]


def test_without_a_name_the_only_source_is_meant(trueup: Trueup, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "bill.csv", [focus_row("1")])
    with pytest.raises(BadInput, match=r"Say which source the files are from \(--source NAME\)"):
        ingest_paths(trueup.engine, operator(), trueup.config, [file], source_name=None)
    trueup.ingest(file, source="aws")
    assert ingest_paths(trueup.engine, operator(), trueup.config, [file], source_name=None).unchanged


def test_only_who_may_write_can_ingest(trueup: Trueup, tmp_path: Path) -> None:
    reader = Viewer("reader", frozenset({Scope.READ_COSTS, Scope.WRITE_POLICY}))
    with pytest.raises(NotAllowed, match="write:ingest"):
        ingest_paths(trueup.engine, reader, trueup.config, [tmp_path], source_name="aws")
    assert trueup.all(Source) == []


def rows_in(trueup: Trueup) -> list[int]:
    return [each.rows_in for each in run_source(trueup.engine, operator(), trueup.config, "aws").outcomes]


def test_a_configured_source_is_run_from_its_folder(trueup: Trueup, tmp_path: Path) -> None:
    folder = tmp_path / "bills"
    write_csv(folder / "march.csv", [focus_row("1")])
    with write_session(trueup.engine) as session:
        add_source(session, operator(), kind="focus", name="aws", config={"path": str(folder)})
        add_source(session, operator(), kind="focus", name="by-hand", config={})
    assert rows_in(trueup) == [1]
    write_csv(folder / "march-2.csv", [focus_row("2")])
    assert rows_in(trueup) == [2]
    assert trueup.total() == 3
    with pytest.raises(BadInput, match="'by-hand' is fed by hand"):
        run_source(trueup.engine, operator(), trueup.config, "by-hand")
    with pytest.raises(NotFound, match="There are: aws, by-hand"):
        run_source(trueup.engine, operator(), trueup.config, "azure")


def test_a_scheduled_run_is_on_record_however_it_ends(trueup: Trueup, tmp_path: Path) -> None:
    folder = tmp_path / "bills"
    with write_session(trueup.engine) as session:
        add_source(session, operator(), kind="focus", name="aws", config={"path": str(folder)})
    said = [run_scheduled(trueup.engine, operator(), trueup.config, "aws")]
    write_csv(folder / "march.csv", [focus_row("1")])
    said += [run_scheduled(trueup.engine, operator(), trueup.config, "aws") for _ in range(2)]
    assert said == [
        f"aws: failed, {folder} does not exist. Check the path.",
        "aws: done, 1 rows",
        "aws: done, nothing new",
    ]
    assert [run.state for run in trueup.all(ScheduledRun)] == ["failed", "done", "done"]
