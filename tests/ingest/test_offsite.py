"""With an object store, no load counts whose bytes are not in it, and any machine can explain any figure from it."""

import hashlib
import signal
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.money import plain
from app.errors import NotFound, NotPermitted, TrueupError, Unavailable
from app.settings import Settings, settings
from tests.ingest.bills import focus_row, write_csv, write_parquet
from tests.ingest.crashing import ingest_until
from tests.object_stores import BUCKET, S3, Gcs, gcs_bucket, moto_server, s3_bucket
from tests.trueup import Trueup

PREFIX = "trueup/prod/"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def s3(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    with s3_bucket(moto, monkeypatch) as bucket:
        yield bucket


@pytest.fixture
def gcs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gcs]:
    with gcs_bucket(monkeypatch) as bucket:
        yield bucket


Machine = Callable[[str], Trueup]


@pytest.fixture
def machine(trueup: Trueup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """`machine("s3")`: a Trueup on the same database with a data folder of its own, and the bucket of that scheme."""
    numbers = iter(range(100))

    def new(scheme: str) -> Trueup:
        config = Settings(
            database_url=trueup.config.database_url,
            data_dir=tmp_path / f"machine-{next(numbers)}",
            archive_url=f"{scheme}://{BUCKET}/{PREFIX}",
            threads=2,
        )
        here(config, monkeypatch)
        return Trueup(trueup.engine, config)

    return new


def here(config: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets reports run on the machine with these settings."""
    monkeypatch.setenv("TRUEUP_DATA_DIR", str(config.data_dir))
    monkeypatch.setenv("TRUEUP_ARCHIVE_URL", config.archive_url or "")
    settings.cache_clear()


def local_keys(trueup: Trueup) -> list[str]:
    root = trueup.config.archive_dir
    return sorted(PREFIX + each.relative_to(root).as_posix() for each in root.rglob("*") if each.is_file())


@pytest.fixture
def bill(tmp_path: Path) -> Path:
    """A delivery of two files, USD 7."""
    write_csv(tmp_path / "bill" / "a.csv", [focus_row("1")])
    write_csv(tmp_path / "bill" / "sub 1" / "b.csv.gz", [focus_row("2"), focus_row("4")])
    return tmp_path / "bill"


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    """A delivery that is its own detail, USD 4."""
    return write_parquet(tmp_path / "c 1.parquet", [focus_row("4")])


@pytest.mark.parametrize("scheme", ["s3", "gs"])
def test_a_second_machine_explains_what_the_first_ingested(
    machine: Machine, request: pytest.FixtureRequest, bill: Path, scheme: str
) -> None:
    bucket: S3 | Gcs = request.getfixturevalue({"s3": "s3", "gs": "gcs"}[scheme])
    first = machine(scheme)
    outcome = first.ingest(bill)
    assert sorted(bucket.list_keys()) == local_keys(first)
    digest = hashlib.sha256((bill / "a.csv").read_bytes()).hexdigest()
    assert bucket.read(f"{PREFIX}aws/{outcome.sha256}/files/{digest}/a.csv") == (bill / "a.csv").read_bytes()

    second = machine(scheme)
    report = second.lines()
    assert report.totals == {"USD": 7}
    assert {(item.file, item.row_number, plain(item.amount)) for item in report.items if item.amount} == {
        ("a.csv", 2, "1"),
        ("sub 1/b.csv.gz", 2, "2"),
        ("sub 1/b.csv.gz", 3, "4"),
    }
    # It fetched what it needed: the rows of CSV as Parquet, not the CSV.
    assert not [key for key in local_keys(second) if key.endswith((".csv", ".csv.gz", ".partial", ".fetched"))]
    assert set(local_keys(second)) < set(bucket.list_keys())


def test_the_same_bytes_again_upload_nothing(machine: Machine, gcs: Gcs, bill: Path, tmp_path: Path) -> None:
    first = machine("gs")
    first.ingest(bill)
    gcs.asked.clear()
    assert first.ingest(bill).unchanged
    assert gcs.asked == []
    first.ingest(write_csv(tmp_path / "other.csv", [focus_row("3")]))
    gcs.asked.clear()
    first.ingest(bill)  # back to the first bytes: they are there, only the booking is new
    sent = [key.rpartition("/")[2] for method, key in gcs.asked if method == "POST"]
    assert [name for name in sent if not name.endswith(".parquet")] == ["detail.json"]
    assert not [key for method, key in gcs.asked if method == "POST" and "/files/" in key]


def test_a_machine_that_ran_before_the_last_booking_fetches_it_anew(
    machine: Machine, s3: S3, bill: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = machine("s3")
    first.ingest(bill)
    second = machine("s3")
    assert second.lines().totals == {"USD": 7}
    (keys,) = second.config.archive_dir.rglob("keys.parquet")
    keys.write_bytes(b"the keys of an earlier booking")
    first.ingest(write_csv(tmp_path / "other.csv", [focus_row("3")]))
    first.ingest(bill)
    here(second.config, monkeypatch)
    assert second.lines().totals == {"USD": 7}


def test_a_file_that_is_lost_here_is_fetched_again(machine: Machine, s3: S3, parquet: Path) -> None:
    first = machine("s3")
    first.ingest(parquet)
    (copy,) = first.config.archive_dir.rglob("c 1.parquet")
    copy.unlink()
    assert first.lines().totals == {"USD": 4}
    assert copy.read_bytes() == parquet.read_bytes()


def test_a_damaged_object_explains_nothing(machine: Machine, s3: S3, parquet: Path) -> None:
    machine("s3").ingest(parquet)
    (key,) = (key for key in s3.list_keys() if key.endswith("c 1.parquet"))
    s3.write(key, s3.read(key)[::-1])
    second = machine("s3")
    with pytest.raises(Unavailable, match=r"c 1\.parquet is damaged"):
        second.lines()
    assert not [key for key in local_keys(second) if "c 1.parquet" in key]


def test_what_neither_machine_nor_store_has_is_told(machine: Machine, s3: S3, bill: Path) -> None:
    machine("s3").ingest(bill)
    for key in s3.list_keys():
        s3.remove(key)
    second = machine("s3")
    with pytest.raises(NotFound, match=r"has no aws/.*/detail/detail\.json\. Copy it there"):
        second.lines()


def refused(trueup: Trueup, bill: Path, error: type[TrueupError], said: str) -> None:
    """A delivery that is refused, on record, and changes nothing."""
    before = trueup.figures()
    with pytest.raises(error, match=said) as raised:
        trueup.ingest(bill)
    assert trueup.deliveries()[-1] == ("refused", str(raised.value))
    assert trueup.figures() == before


def test_an_outage_refuses_and_the_last_good_figures_stand(
    machine: Machine, s3: S3, bill: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = machine("s3")
    first.ingest(write_csv(tmp_path / "old.csv", [focus_row("11")]))
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    refused(first, bill, Unavailable, r"The archive s3://archive/trueup/prod/aws/.*: S3 cannot be reached")
    assert first.lines().totals == {"USD": 11}
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.url)
    first.ingest(bill)
    assert sorted(s3.list_keys()) == local_keys(first)
    assert first.total() == 7


def test_a_store_that_goes_down_between_bill_and_booking_refuses_too(
    machine: Machine, s3: S3, bill: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = machine("s3")

    def down(*_: object) -> None:
        raise Unavailable("S3 cannot be reached.")

    def going_down(stage: str, _done: int) -> None:
        if stage == "post":
            monkeypatch.setattr("app.archive.s3.S3Archive.find", down)

    with pytest.raises(Unavailable):
        first.ingest(bill, progress=going_down)
    assert (first.live(), first.total()) == ([], None)
    assert {key.split("/")[4] for key in s3.list_keys()} == {"files", "detail"}
    assert not [key for key in s3.list_keys() if key.endswith("detail.json")]


def test_a_missing_permission_refuses_and_is_named(machine: Machine, gcs: Gcs, bill: Path) -> None:
    gcs.faults["POST"] = 403
    refused(machine("gs"), bill, NotPermitted, r"the permission storage\.objects\.create .* is missing")
    assert gcs.list_keys() == []


def test_an_address_that_is_none_refuses_before_the_bill_is_read(machine: Machine, bill: Path) -> None:
    refused(machine("https"), bill, TrueupError, "Write s3://BUCKET/PREFIX or gs://BUCKET/PREFIX")


def test_killed_between_upload_and_commit_the_next_run_completes(
    machine: Machine, s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = machine("s3")
    first.ingest(write_csv(tmp_path / "old.csv", [focus_row("10")]))
    before = first.figures()
    new = write_csv(tmp_path / "new.csv.gz", [focus_row("12.5"), focus_row("3", ServiceName="S3")])

    assert ingest_until("commit", first.config, new) == -signal.SIGKILL

    assert first.figures() == before
    assert first.lines().totals == {"USD": 10}
    uploaded = [key for key in s3.list_keys() if key.endswith("new.csv.gz")]
    assert len(uploaded) == 1
    assert sum(key.endswith("detail.json") for key in s3.list_keys()) == 2
    first.ingest(new)
    assert machine("s3").lines().totals == {"USD": Decimal("15.5")}
    assert first.deliveries()[-2:] == [
        ("refused", "interrupted; nothing was booked. Run it again."),
        ("loaded", None),
    ]


def test_killed_in_the_middle_of_the_upload_nothing_counts(
    machine: Machine, s3: S3, bill: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = machine("s3")
    new = write_csv(tmp_path / "new.csv", [focus_row("12.5")])
    assert ingest_until("upload", first.config, new) == -signal.SIGKILL
    assert first.live() == []
    assert [key.rpartition("/")[2] for key in s3.list_keys()] == ["new.csv"]
    first.ingest(new)
    assert machine("s3").lines().totals == {"USD": Decimal("12.5")}
