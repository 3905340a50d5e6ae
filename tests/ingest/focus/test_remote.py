"""FOCUS files from S3, Google Cloud Storage and HTTPS: which deliveries they make up, and what is pulled when."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import boto3
import pytest
from moto.server import ThreadedMotoServer

from app.errors import BadInput, NotFound, NotPermitted, TrueupError, Unavailable
from ingest.focus.kind import KIND
from ingest.focus.remote import month_of
from ingest.focus.settings import FocusSettings
from ingest.kind import Offer, Window
from ingest.pipeline import no_progress
from tests.ingest.bills import csv_text, focus_row
from tests.ingest.fake_api import FakeApi, serving
from tests.trueup import Trueup

SPRING = Window(date(2026, 2, 1), date(2026, 5, 1), date(2026, 4, 10))


def a_bill(cost: str, day: str = "2026-03-02") -> bytes:
    return csv_text([focus_row(cost, day=day)]).encode()


def offered(window: Window = SPRING, **told: Any) -> list[Offer]:
    assert KIND.offers
    return list(KIND.offers(FocusSettings(**told), window))


def pulled(offer: Offer, folder: Path) -> list[str]:
    folder.mkdir(parents=True)
    (path,) = offer.fetch(folder, no_progress)
    return sorted(each.relative_to(path).as_posix() for each in path.rglob("*") if each.is_file())


@pytest.mark.parametrize(
    ("name", "month"),
    [
        ("billing_period=2026-03/part-0.parquet", "2026-03"),
        ("focus-202603.csv.gz", "2026-03"),
        ("2026/03/15/bill.csv", "2026-03"),
        ("export/20260301-20260331/4f2b-2027/part_0.csv.gz", "2026-03"),
        ("bill_2026-03-15T08:00:00Z.parquet", "2026-03"),
        ("bill.parquet", None),
        ("run-12026034/bill.csv", None),
        ("2026-13/bill.csv", None),
        ("a-202612ab/bill.csv", None),
    ],
)
def test_the_month_in_a_name_is_found_and_not_made_up(name: str, month: str | None) -> None:
    found = month_of(name)
    assert (f"{found:%Y-%m}" if found else None) == month


# S3, by moto's server


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=moto)
    client.create_bucket(Bucket="bills")
    yield client
    for each in client.list_objects_v2(Bucket="bills").get("Contents", []):
        client.delete_object(Bucket="bills", Key=each["Key"])
    client.delete_bucket(Bucket="bills")


def test_a_bucket_whose_names_carry_months_is_a_delivery_for_each(s3: Any, tmp_path: Path) -> None:
    for key in (
        "2026-02/a.csv",
        "2026-03/a.csv",
        "2026-03/b.csv",
        "2025-12/a.csv",
        "2026-03/.tmp/c.csv",
        "2026-03/_SUCCESS",
    ):
        s3.put_object(Bucket="bills", Key=f"focus/{key}", Body=a_bill("1") + key.encode())
    s3.put_object(Bucket="bills", Key="other/2026-03/x.csv", Body=b"x")
    offers = offered(url="s3://bills/focus/")
    assert [offer.scope for offer in offers] == ["2026-02", "2026-03"]
    assert pulled(offers[1], tmp_path / "pulled") == ["2026-03/a.csv", "2026-03/b.csv"]
    before = {offer.scope: offer.version for offer in offers}
    s3.put_object(Bucket="bills", Key="focus/2026-03/b.csv", Body=a_bill("2"))
    after = {offer.scope: offer.version for offer in offered(url="s3://bills/focus/")}
    assert (after["2026-02"] == before["2026-02"], after["2026-03"] == before["2026-03"]) == (True, False)


def test_files_without_months_are_one_delivery_that_goes_through_the_pipeline(
    s3: Any, trueup: Trueup, tmp_path: Path
) -> None:
    s3.put_object(Bucket="bills", Key="new.csv", Body=a_bill("1.25"))
    s3.put_object(Bucket="bills", Key="2026-03.csv", Body=a_bill("2"))
    (offer,) = offered(url="s3://bills")
    assert offer.scope == "all files"
    assert pulled(offer, tmp_path / "pulled") == ["2026-03.csv", "new.csv"]
    trueup.ingest(tmp_path / "pulled")
    assert trueup.total() == Decimal("3.25")


def test_where_deliveries_add_each_file_is_one(s3: Any) -> None:
    for name in ("a.csv", "b.csv"):
        s3.put_object(Bucket="bills", Key=f"2026-03/{name}", Body=a_bill("1"))
    offers = offered(url="s3://bills/", delivery_handling="Append", correction_handling="Delta")
    assert [offer.scope for offer in offers] == ["2026-03/a.csv", "2026-03/b.csv"]


def test_a_bucket_that_is_empty_or_absent_is_told(s3: Any) -> None:
    with pytest.raises(NotFound, match=r"s3://bills/nothing holds no \.csv"):
        offered(url="s3://bills/nothing")
    with pytest.raises(TrueupError, match=r"s3://elsewhere/: .*NoSuchBucket"):
        offered(url="s3://elsewhere/")


# Google Cloud Storage, by a small server that speaks its JSON API


class Gcs:
    """Buckets in memory, listed two objects a page."""

    def __init__(self, api: FakeApi) -> None:
        self.objects: dict[str, tuple[bytes, int]] = {}
        self._api, self._generation = api, 0
        api.routes["/storage/v1/b/bills/o"] = self._list

    def put(self, name: str, content: bytes) -> None:
        self._generation += 1
        self.objects[name] = content, self._generation
        self._api.routes[f"/download/storage/v1/b/bills/o/{quote(name, safe='')}"] = self._download(name)

    def _list(self, query: Any) -> Any:
        prefix = query.get("prefix", [""])[0]
        names = sorted(name for name in self.objects if name.startswith(prefix))
        start = int(query.get("pageToken", ["0"])[0])
        items = [self._described(name) for name in names[start : start + 2]]
        more = {"nextPageToken": str(start + 2)} if start + 2 < len(names) else {}
        return {"kind": "storage#objects", "items": items, **more}

    def _described(self, name: str) -> dict[str, str]:
        content, generation = self.objects[name]
        md5 = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        return {
            "name": name,
            "bucket": "bills",
            "generation": str(generation),
            "size": str(len(content)),
            "md5Hash": md5,
        }

    def _download(self, name: str) -> Callable[[Any], bytes]:
        def answer(query: Any) -> bytes:
            content, generation = self.objects[unquote(name)]
            assert query["generation"] == [str(generation)]
            return content

        return answer


@pytest.fixture
def gcs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gcs]:
    with serving() as api:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", api.url)
        yield Gcs(api)


def test_a_bucket_of_google_is_read_to_its_last_page(gcs: Gcs, tmp_path: Path) -> None:
    for number in range(3):
        gcs.put(f"focus/2026-03/part {number}.csv", a_bill(f"{number}"))
    gcs.put("focus/2026-04/part.csv", a_bill("9", "2026-04-01"))
    offers = offered(url="gs://bills/focus/")
    assert [offer.scope for offer in offers] == ["2026-03", "2026-04"]
    assert pulled(offers[0], tmp_path / "pulled") == [f"2026-03/part {number}.csv" for number in range(3)]
    assert (tmp_path / "pulled/2026-03/part 2.csv").read_bytes() == a_bill("2")
    gcs.put("focus/2026-04/part.csv", a_bill("9", "2026-04-01"))  # another generation of the same bytes
    assert [a.version == b.version for a, b in zip(offers, offered(url="gs://bills/focus/"), strict=True)] == [
        True,
        False,
    ]


def test_the_address_of_the_store_can_be_a_setting(gcs: Gcs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    gcs.put("a.csv", a_bill("1"))
    assert len(offered(url="gs://bills/", endpoint_url=gcs._api.url)) == 1


def test_a_bucket_that_google_denies_or_does_not_have_is_told(gcs: Gcs) -> None:
    gcs._api.faults = [(403, {})] * 2  # Google's client asks about the bucket itself too, in the background
    with pytest.raises(NotPermitted, match=r"permission storage\.objects\.list is missing"):
        offered(url="gs://bills/")
    gcs._api.faults = []
    with pytest.raises(NotFound, match="gs://elsewhere/"):
        offered(url="gs://elsewhere/")


def test_missing_google_credentials_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(NotPermitted, match="no usable Google Cloud credentials"):
        offered(url="gs://bills/")


# HTTPS


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    monkeypatch.setattr("ingest.http.pause", lambda _seconds: None)
    with serving() as api:
        api.routes["/bills/march%202026.csv"] = lambda _query: a_bill("4.5")
        yield api


def test_a_file_behind_http_is_pulled_as_it_is_and_its_etag_is_its_version(
    web: FakeApi, trueup: Trueup, tmp_path: Path
) -> None:
    (offer,) = offered(url=f"{web.url}/bills/march%202026.csv")
    web.faults = [(503, {}), "reset"]
    assert pulled(offer, tmp_path / "pulled") == ["march 2026.csv"]
    trueup.ingest(tmp_path / "pulled")
    assert trueup.total() == Decimal("4.5")
    assert web.asked[-1].headers["accept-encoding"] == "identity"
    assert offered(url=f"{web.url}/bills/march%202026.csv")[0].version == offer.version


def test_a_server_that_knows_no_head_is_asked_once_a_day(web: FakeApi) -> None:
    versions = []
    for today in (10, 10, 11):
        web.faults = [(405, {})]
        window = Window(SPRING.start, SPRING.end, date(2026, 4, today))
        versions.append(offered(window, url=f"{web.url}/bills/march%202026.csv")[0].version)
    assert (versions[0] == versions[1], versions[1] == versions[2]) == (True, False)


def test_a_token_from_the_environment_goes_with_the_request(
    web: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.key = "made-up"
    (offer,) = offered(url=f"{web.url}/bills/march%202026.csv")
    with pytest.raises(NotPermitted, match="FOCUS_BEARER_TOKEN"):
        pulled(offer, tmp_path / "without")
    monkeypatch.setenv("FOCUS_BEARER_TOKEN", "made-up")
    assert pulled(offered(url=f"{web.url}/bills/march%202026.csv")[0], tmp_path / "with") == ["march 2026.csv"]


def test_an_address_that_is_no_bill_or_gone_is_told(web: FakeApi, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Let --url name the file itself"):
        offered(url=f"{web.url}/bills/")
    with pytest.raises(NotFound):
        offered(url=f"{web.url}/bills/gone.csv")
    web.faults = [(503, {})] * 6
    with pytest.raises(Unavailable):
        offered(url=f"{web.url}/bills/march%202026.csv")


def test_doctor_says_what_is_there(gcs: Gcs) -> None:
    assert KIND.check
    settings = FocusSettings(url="gs://bills/")
    assert [access.ok for access in KIND.check(settings)] == [False]
    gcs.put("a.csv", a_bill("1"))
    assert [access.message for access in KIND.check(settings)] == ["gs://bills/ has 1 bill files"]
    assert list(KIND.check(FocusSettings())) == []
