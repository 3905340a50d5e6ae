"""Killed at any moment, an ingest leaves the old figures; run again, it completes."""

import signal
from decimal import Decimal
from pathlib import Path

import pytest

from tests.ingest.bills import focus_row, write_csv
from tests.ingest.crashing import ingest_until
from tests.trueup import Trueup

BEFORE_THE_COMMIT = ("hash", "stage", "read", "archive", "keys", "copy", "post", "detail", "audit", "commit")


def killed(fatal: str, trueup: Trueup, file: Path) -> None:
    """Ingests `file` in a process that is killed at a stage."""
    assert ingest_until(fatal, trueup.config, file) == -signal.SIGKILL


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "old.csv.gz", [focus_row("10"), focus_row("1", day="2026-02-03")])


@pytest.fixture
def new(tmp_path: Path) -> Path:
    rows = [focus_row("12.5"), focus_row("0.000000000000000001", day="2026-02-03"), focus_row("3", ServiceName="S3")]
    return write_csv(tmp_path / "new.csv.gz", rows)


ALWAYS = {"copy", "commit"}  # of the stages, those at which it is killed in every run of the tests
NEW_TOTAL = Decimal("15.500000000000000001")


@pytest.mark.slow
@pytest.mark.parametrize(
    "fatal", [pytest.param(stage, marks=[] if stage in ALWAYS else pytest.mark.long) for stage in BEFORE_THE_COMMIT]
)
def test_killed_before_the_commit_the_old_figures_stand_and_the_next_run_completes(
    trueup: Trueup, old: Path, new: Path, fatal: str
) -> None:
    trueup.ingest(old)
    before = trueup.figures()
    archive = trueup.config.archive_dir / "aws"
    whole = set(archive.iterdir())

    killed(fatal, trueup, new)

    assert trueup.figures() == before
    assert trueup.lines().totals == {"USD": 11}
    assert [state for state, _ in trueup.deliveries()] == ["loaded", "received"]
    for each in set(archive.iterdir()) - whole:
        copies = list((each / "files").rglob(new.name))
        assert each.suffix == ".partial" or all(copy.read_bytes() == new.read_bytes() for copy in copies)

    trueup.ingest(new)

    assert trueup.total() == NEW_TOTAL
    assert trueup.lines().totals == {"USD": NEW_TOTAL}
    assert trueup.costs("service_name", "tag:x") == {
        "USD": {("Amazon EC2", None): Decimal("12.500000000000000001"), ("S3", None): 3}
    }
    assert trueup.deliveries() == [
        ("loaded", None),
        ("refused", "interrupted; nothing was booked. Run it again."),
        ("loaded", None),
    ]
    assert not list(archive.glob("*.partial"))
    assert sorted(trueup.live()) == [("2026-02", 1), ("2026-03", 2)]
    assert trueup.ingest(new).unchanged


@pytest.mark.slow
def test_killed_after_the_commit_the_new_figures_stand(trueup: Trueup, old: Path, new: Path) -> None:
    trueup.ingest(old)
    killed("after", trueup, new)
    assert trueup.total() == NEW_TOTAL
    assert trueup.lines().totals == {"USD": NEW_TOTAL}
    assert [state for state, _ in trueup.deliveries()] == ["loaded", "loaded"]
    assert trueup.ingest(new).unchanged


@pytest.mark.slow
@pytest.mark.long
def test_killed_over_and_over_it_still_comes_out_right(trueup: Trueup, old: Path, new: Path) -> None:
    for fatal in ("archive", "keys", "commit"):
        killed(fatal, trueup, old)
    assert trueup.costs() == {}
    trueup.ingest(old)
    for fatal in ("detail", "post"):
        killed(fatal, trueup, new)
    assert trueup.total() == 11
    trueup.ingest(new)
    assert trueup.total() == NEW_TOTAL
    assert trueup.scalar("SELECT count(*) FROM pg_class WHERE relname LIKE 'charge\\_p%\\_l%' AND relkind = 'r'") == 4


@pytest.mark.slow
def test_scratch_files_of_a_killed_run_do_not_pile_up(trueup: Trueup, old: Path, new: Path) -> None:
    killed("copy", trueup, new)
    trueup.ingest(old)
    assert list(trueup.config.temp_dir.iterdir()) == []


def test_an_error_in_the_middle_is_on_record_and_changes_nothing(trueup: Trueup, old: Path, new: Path) -> None:
    trueup.ingest(old)
    before = trueup.figures()

    def progress(stage: str, _done: int) -> None:
        if stage == "post":
            raise OSError("the cable came off")

    with pytest.raises(OSError, match="the cable"):
        trueup.ingest(new, progress=progress)
    assert trueup.figures() == before
    assert trueup.deliveries()[-1] == ("refused", "failed: OSError('the cable came off')")
    assert list(trueup.config.temp_dir.iterdir()) == []
    trueup.ingest(new)
    assert trueup.total() == NEW_TOTAL


def test_an_interrupted_person_finds_the_old_figures(trueup: Trueup, old: Path, new: Path) -> None:
    trueup.ingest(old)
    before = trueup.figures()

    def progress(stage: str, _done: int) -> None:
        if stage == "copy":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trueup.ingest(new, progress=progress)
    assert trueup.figures() == before
    assert trueup.deliveries()[-1][0] == "refused"
