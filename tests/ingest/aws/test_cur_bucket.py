"""A legacy Cost and Usage Report is fetched from S3 by the manifest of its month."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.errors import BadInput
from ingest.aws.cur_bucket import CurSettings, ReportLayout, check_cur, cur_offers, report_files
from ingest.files import SUFFIXES, bill_files
from ingest.kind import Offer, Window
from ingest.pipeline import no_progress
from tests.ingest.aws.conftest import Moto, Store
from tests.ingest.aws.trees import june, report

SUMMER = Window(date(2026, 5, 1), date(2026, 8, 1), date(2026, 7, 3))
ROW = june("1")


@pytest.fixture
def store(moto: Moto) -> Store:
    return moto.bucket()


def offered(url: str, **more: Any) -> list[Offer]:
    told = {"bucket": "bills", "prefix": "cur", "report_name": "r", "endpoint_url": url, **more}
    return list(cur_offers(CurSettings(**told), SUMMER))


def fetched(offer: Offer, folder: Path) -> Sequence[str]:
    folder.mkdir()
    assert list(offer.fetch(folder, no_progress)) == [folder]
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file())


def test_the_newest_assembly_of_each_month_is_offered(moto: Moto, store: Store, tmp_path: Path) -> None:
    store.put_tree(report(tmp_path, ROW, ROW, assembly="0ld"), "cur/r/")
    store.put_tree(report(tmp_path, ROW, assembly="n3w"), "cur/r/")
    (offer,) = offered(moto.url)
    assert (offer.scope, offer.label) == ("20260601-20260701", "r 2026-06")
    assert offer.version.startswith("n3w ")
    assert fetched(offer, tmp_path / "got") == [
        "20260601-20260701/n3w/r-1.csv.gz",
        "20260601-20260701/r-Manifest.json",
    ]


def test_a_report_for_athena_has_its_files_elsewhere(moto: Moto, store: Store, tmp_path: Path) -> None:
    key = "cur/r/r/year=2026/month=6/r-00001.snappy.parquet"
    store.put(key, b"PAR1")
    store.put("cur/r/20260601-20260701/r-Manifest.json", f'{{"assemblyId": "a", "reportKeys": ["{key}"]}}'.encode())
    (offer,) = offered(moto.url)
    assert "r/year=2026/month=6/r-00001.snappy.parquet" in fetched(offer, tmp_path / "got")


def test_a_report_as_zip_says_which_format_to_choose(moto: Moto, store: Store, tmp_path: Path) -> None:
    manifest = b'{"assemblyId": "a", "reportKeys": ["cur/r/20260601-20260701/a/r-1.csv.zip"]}'
    store.put("cur/r/20260601-20260701/r-Manifest.json", manifest)
    (offer,) = offered(moto.url)
    with pytest.raises(BadInput, match=r"ZIP is not read. Export it as GZIP or Parquet"):
        fetched(offer, tmp_path / "got")


def test_of_a_copy_at_hand_the_newest_assembly_counts_and_without_a_manifest_every_file(tmp_path: Path) -> None:
    report(tmp_path, ROW, ROW, assembly="0ld")
    report(tmp_path, ROW, assembly="n3w")
    counting = report_files(bill_files([tmp_path], (*SUFFIXES, ".json")))
    month = "20260601-20260701"
    assert [file.name for file in counting] == [f"{month}/r-Manifest.json", f"{month}/n3w/r-1.csv.gz"]
    assert len(report_files(bill_files([tmp_path]))) == 3


@pytest.mark.parametrize(
    ("prefix", "key", "below"),
    [
        ("cur", "cur/r/20260601-20260701/a/r-1.csv.gz", "20260601-20260701/a/r-1.csv.gz"),
        ("r", "r/r/r/year=2026/month=6/r-1.parquet", "r/year=2026/month=6/r-1.parquet"),
        ("copy", "cur/r/20260601-20260701/r-1.csv.gz", "20260601-20260701/r-1.csv.gz"),
        ("", "r/20260601-20260701/r-1.csv.gz", "20260601-20260701/r-1.csv.gz"),
    ],
    ids=["as it is", "all called alike", "a replica", "no prefix"],
)
def test_a_file_is_found_below_its_report(prefix: str, key: str, below: str) -> None:
    assert ReportLayout(prefix, "r").below(key) == below


def test_a_report_that_is_not_there_is_said_to_be_so(moto: Moto, store: Store) -> None:
    *_, last = check_cur(CurSettings(bucket="bills", prefix="cur", report_name="r", endpoint_url=moto.url))
    assert not last.ok
    assert "r-Manifest.json: not there" in last.message
    with pytest.raises(BadInput, match="--report-name"):
        list(cur_offers(CurSettings(), SUMMER))
