"""S3 and Google Cloud Storage keep an archive alike, and say alike what is wrong."""

import base64
import hashlib
import os
from pathlib import Path

import pytest
from botocore.awsrequest import AWSResponse

import app.archive.gcs
from app.archive.copies import fetch, probe, send
from app.archive.store import ObjectStore, object_store
from app.errors import BadInput, NotFound, NotPermitted, Unavailable
from app.settings import Settings
from tests.object_stores import BUCKET, S3, Gcs

CONTENT = b"BilledCost\n1\n"
SHA = hashlib.sha256(CONTENT).hexdigest()
ADDRESSED = f"aws/0a/files/{SHA}/march 2026+#1.csv"
DETAIL = "aws/0a/detail/keys.parquet"
AT = "some/where/"

pytestmark = pytest.mark.slow


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "march.csv"
    path.write_bytes(CONTENT)
    return path


def test_what_is_sent_comes_back_and_is_sent_once(
    store: ObjectStore, bucket: S3 | Gcs, file: Path, tmp_path: Path
) -> None:
    for key in (ADDRESSED, DETAIL):
        assert [send(store, key, file), send(store, key, file)] == [True, False]
        fetch(store, key, tmp_path / "back" / key)
        assert (tmp_path / "back" / key).read_bytes() == CONTENT
    assert bucket.list_keys() == [AT + DETAIL, AT + ADDRESSED]
    assert not list(tmp_path.rglob("*.partial"))


def test_what_others_copied_there_counts_where_its_key_says_what_it_is(
    store: ObjectStore, bucket: S3 | Gcs, file: Path
) -> None:
    for key in (ADDRESSED, DETAIL):
        bucket.write(AT + key, CONTENT)
    assert (send(store, ADDRESSED, file), send(store, DETAIL, file)) == (False, True)
    bucket.write(AT + ADDRESSED, b"half")
    assert send(store, ADDRESSED, file)
    assert bucket.read(AT + ADDRESSED) == CONTENT


def test_other_bytes_of_the_same_size_replace_a_detail(store: ObjectStore, bucket: S3 | Gcs, file: Path) -> None:
    send(store, DETAIL, file)
    file.write_bytes(CONTENT.replace(b"1", b"2"))
    assert send(store, DETAIL, file)
    assert bucket.read(AT + DETAIL) == b"BilledCost\n2\n"


def test_bytes_that_are_not_those_that_were_archived_are_not_kept(
    store: ObjectStore, bucket: S3 | Gcs, tmp_path: Path
) -> None:
    bucket.write(AT + ADDRESSED, CONTENT.replace(b"1", b"9"))
    with pytest.raises(Unavailable, match=r"is damaged: its SHA-256 is .* Restore that object"):
        fetch(store, ADDRESSED, tmp_path / "files" / "march.csv")
    assert list((tmp_path / "files").iterdir()) == []


def test_what_is_not_there_is_told_with_what_to_do(store: ObjectStore, tmp_path: Path) -> None:
    assert store.find(DETAIL) is None
    with pytest.raises(NotFound, match=f"has no {DETAIL}. Copy it there"):
        fetch(store, DETAIL, tmp_path / "keys.parquet")


def test_a_disk_without_room_for_what_is_fetched_is_told(store: ObjectStore, file: Path, tmp_path: Path) -> None:
    send(store, DETAIL, file)
    (tmp_path / "taken").write_text("a file where a folder should be")
    with pytest.raises(Unavailable, match=r"cannot be kept .* TRUEUP_DATA_DIR"):
        fetch(store, DETAIL, tmp_path / "taken" / "keys.parquet")


def test_a_bucket_that_does_not_exist_is_told(bucket: S3 | Gcs, file: Path) -> None:
    scheme = "s3" if isinstance(bucket, S3) else "gs"
    elsewhere = object_store(Settings(archive_url=f"{scheme}://elsewhere"))
    assert elsewhere
    with pytest.raises(BadInput, match=r"there is no such bucket\. Create it, or correct TRUEUP_ARCHIVE_URL"):
        send(elsewhere, DETAIL, file)


def test_a_probe_leaves_nothing_behind(store: ObjectStore, bucket: S3 | Gcs, tmp_path: Path) -> None:
    assert probe(store, tmp_path / "tmp").endswith("it can be written, read and cleaned up")
    assert (bucket.list_keys(), list((tmp_path / "tmp").iterdir())) == ([], [])


@pytest.mark.parametrize(
    "url", ["https://bucket/x", "s3://", "s3:///x", "s3://AKIA:secret@bucket/x", "/var/archive", "gs://a"]
)
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(BadInput, match="Write s3://BUCKET/PREFIX or gs://BUCKET/PREFIX"):
        object_store(Settings(archive_url=url))


@pytest.mark.parametrize("url", [None, ""])
def test_without_an_address_there_is_no_store(url: str | None) -> None:
    assert object_store(Settings(archive_url=url)) is None


# S3


def denied_by(store: ObjectStore, operation: str, code: str, status: int) -> None:
    """Lets S3 answer `operation` with a refusal, as it would put it."""
    body = f"<Error><Code>{code}</Code><Message>told to</Message></Error>".encode()

    def answer(**_: object) -> object:
        class Raw:
            def stream(self, **_: object) -> list[bytes]:
                return [body]

        return AWSResponse("http://s3", status, {"content-type": "application/xml"}, Raw())

    store._client.meta.events.register(f"before-send.s3.{operation}", answer)  # type: ignore[attr-defined]


def there_and_back(store: ObjectStore, file: Path) -> None:
    send(store, DETAIL, file)
    fetch(store, DETAIL, file.with_name("back"))


@pytest.fixture
def in_s3(s3: S3) -> ObjectStore:
    found = object_store(Settings(archive_url=f"s3://{BUCKET}/some/where"))
    assert found
    return found


def test_s3_checks_the_sha256_of_what_arrives(in_s3: ObjectStore, s3: S3, file: Path) -> None:
    send(in_s3, ADDRESSED, file)
    found = s3.client.head_object(Bucket=BUCKET, Key=AT + ADDRESSED, ChecksumMode="ENABLED")
    assert base64.b64decode(found["ChecksumSHA256"]).hex() == SHA


def test_a_file_of_several_parts_comes_back_whole(in_s3: ObjectStore, s3: S3, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(os.urandom(33 << 20))
    key = f"aws/0a/files/{hashlib.sha256(large.read_bytes()).hexdigest()}/large"
    assert [send(in_s3, key, large), send(in_s3, key, large)] == [True, False]
    assert '-3"' in s3.client.head_object(Bucket=BUCKET, Key=AT + key)["ETag"]
    fetch(in_s3, key, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == large.read_bytes()


@pytest.mark.parametrize(
    ("operation", "permission"),
    [
        ("HeadObject", r"s3:GetObject \(or s3:ListBucket\)"),
        ("PutObject", "s3:PutObject"),
        ("GetObject", "s3:GetObject"),
    ],
)
def test_s3_permissions_that_are_missing_are_named(
    in_s3: ObjectStore, s3: S3, file: Path, operation: str, permission: str
) -> None:
    s3.write(AT + DETAIL, CONTENT)
    denied_by(in_s3, operation, "AccessDenied", 403)
    with pytest.raises(NotPermitted, match=f"the permission {permission} is missing"):
        there_and_back(in_s3, file)


def test_where_nothing_may_be_deleted_a_probe_says_so_and_passes(in_s3: ObjectStore, s3: S3, tmp_path: Path) -> None:
    denied_by(in_s3, "DeleteObject", "AccessDenied", 403)
    assert "the permission s3:DeleteObject is missing" in probe(in_s3, tmp_path)
    assert s3.list_keys() == [f"{AT}.trueup-probe"]


def test_credentials_that_s3_does_not_take_are_told(in_s3: ObjectStore, file: Path) -> None:
    denied_by(in_s3, "PutObject", "ExpiredToken", 400)
    with pytest.raises(NotPermitted, match=r"does not accept these credentials \(ExpiredToken\)"):
        send(in_s3, DETAIL, file)


@pytest.mark.parametrize("code", ["SlowDown", "InternalError"])
def test_an_s3_that_is_overrun_is_unavailable(in_s3: ObjectStore, file: Path, code: str) -> None:
    denied_by(in_s3, "PutObject", code, 503)
    with pytest.raises(Unavailable, match=f"S3 answers {code}"):
        send(in_s3, DETAIL, file)


def test_without_credentials_s3_is_not_even_asked(
    in_s3: ObjectStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(NotPermitted, match="there are no usable AWS credentials"):
        send(in_s3, DETAIL, file)


def test_an_s3_that_nobody_hears_is_unavailable(
    in_s3: ObjectStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="S3 cannot be reached"):
        send(in_s3, DETAIL, file)


# Google Cloud Storage


@pytest.fixture
def in_gcs(gcs: Gcs) -> ObjectStore:
    found = object_store(Settings(archive_url=f"gs://{BUCKET}/some/where"))
    assert found
    return found


@pytest.mark.parametrize(
    ("method", "permission"),
    [("GET", "storage.objects.get"), ("POST", r"storage.objects.create \(and storage.objects.delete, to replace\)")],
)
def test_gcs_permissions_that_are_missing_are_named(
    in_gcs: ObjectStore, gcs: Gcs, file: Path, method: str, permission: str
) -> None:
    gcs.faults[method] = 403
    with pytest.raises(NotPermitted, match=f"the permission {permission} is missing"):
        send(in_gcs, DETAIL, file)


def test_a_gcs_that_does_not_answer_is_unavailable(
    in_gcs: ObjectStore, gcs: Gcs, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.archive.gcs._RETRY", app.archive.gcs._RETRY.with_timeout(0.1))
    gcs.faults["POST"] = 503
    with pytest.raises(Unavailable, match="Google Cloud Storage does not answer"):
        send(in_gcs, DETAIL, file)
    assert gcs.list_keys() == []


def test_missing_google_credentials_are_told(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    store = object_store(Settings(archive_url=f"gs://{BUCKET}"))
    assert store
    with pytest.raises(NotPermitted, match="there are no usable Google Cloud credentials"):
        send(store, DETAIL, file)
