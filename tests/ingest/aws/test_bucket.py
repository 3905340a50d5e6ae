"""A file of a bucket arrives whole and as it is stored, or not at all."""

import errno
import hashlib
import random
from pathlib import Path

import pytest

from app.errors import BadInput, NotFound, NotPermitted, Unavailable
from ingest.aws.bucket import Bucket, Wanted, _Pull
from ingest.aws.session import AwsSettings, connect
from tests.ingest.aws.conftest import Moto
from tests.ingest.aws.fakes import Answer, answering, breaking_line, error, thing

pytestmark = pytest.mark.slow

DATA = random.Random(7).randbytes(1_500_000)
SLOW_DOWN = error("SlowDown", 503, "Please reduce your request rate.")


class Counted:
    """Progress that is counted."""

    def __init__(self) -> None:
        self.bytes = 0

    def __call__(self, stage: str, done: int) -> None:
        assert stage == "download"
        self.bytes += done


def bucket(url: str) -> Bucket:
    return Bucket(connect(AwsSettings(endpoint_url=url)).client("s3"), "bills")


def test_a_download_that_breaks_off_goes_on_where_it_stopped(moto: Moto, impatient: None, tmp_path: Path) -> None:
    moto.bucket().put("a.csv.gz", DATA)
    progress = Counted()
    with breaking_line(moto.host, moto.port, 600_000, 400_000, 300) as line:
        stored = bucket(line.url).download(Wanted("a.csv.gz", tmp_path / "a.csv.gz"), progress)
    assert line.broke == 3
    assert (tmp_path / "a.csv.gz").read_bytes() == DATA
    assert (stored.size, progress.bytes) == (len(DATA), len(DATA))


def test_a_line_that_never_holds_is_given_up(moto: Moto, impatient: None, tmp_path: Path) -> None:
    moto.bucket().put("a.csv.gz", DATA)
    with (
        breaking_line(moto.host, moto.port, 500_000, *[200] * 80) as line,
        pytest.raises(Unavailable, match=r"s3://bills/a.csv.gz.*later"),
    ):
        bucket(line.url).download(Wanted("a.csv.gz", tmp_path / "a.csv.gz"), Counted())


def test_a_file_that_is_replaced_while_it_is_read_is_not_patched_together(
    moto: Moto, impatient: None, tmp_path: Path
) -> None:
    store = moto.bucket()
    store.put("a.csv.gz", DATA)
    with breaking_line(moto.host, moto.port, 500_000) as line:
        line.on_cut = lambda: store.put("a.csv.gz", DATA[::-1])
        with pytest.raises(Unavailable, match="was replaced while it was read"):
            bucket(line.url).download(Wanted("a.csv.gz", tmp_path / "a.csv.gz"), Counted())


def test_a_store_that_knows_no_ranges_begins_again(credentials: None, impatient: None, tmp_path: Path) -> None:
    cut = Answer(DATA[:1000], headers=thing(b"").headers, claims=len(DATA))
    with answering(cut, thing(DATA)) as s3:
        bucket(s3.url).download(Wanted("a", tmp_path / "a"), Counted())
    assert s3.asked[1].headers["range"] == "bytes=1000-"
    assert (tmp_path / "a").read_bytes() == DATA


def test_damage_on_the_way_is_seen(credentials: None, impatient: None, tmp_path: Path) -> None:
    etag = f'"{hashlib.md5(DATA).hexdigest()}"'
    with answering(thing(DATA[:-1] + b"?", etag), thing(DATA, etag)) as s3:
        bucket(s3.url).download(Wanted("a", tmp_path / "a"), Counted())
    assert (tmp_path / "a").read_bytes() == DATA
    with answering(thing(DATA[:-1] + b"?", etag)) as s3, pytest.raises(Unavailable, match="damaged twice"):
        bucket(s3.url).download(Wanted("a", tmp_path / "a"), Counted())


def test_the_etag_of_an_encrypted_file_is_no_checksum(credentials: None, tmp_path: Path) -> None:
    encrypted = thing(DATA, f'"{"0" * 32}"', **{"x-amz-server-side-encryption": "aws:kms"})
    with answering(encrypted) as s3:
        assert bucket(s3.url).download(Wanted("a", tmp_path / "a"), Counted()).size == len(DATA)


def test_a_store_that_asks_to_slow_down_is_asked_again(credentials: None, impatient: None) -> None:
    with answering(SLOW_DOWN, SLOW_DOWN, thing(b"{}")) as s3:
        assert bucket(s3.url).read("m.json")[0] == b"{}"
    assert len(s3.asked) == 3


def test_a_store_that_is_not_well_for_long_may_be_later(credentials: None, impatient: None) -> None:
    with answering(SLOW_DOWN) as s3, pytest.raises(Unavailable, match=r"SlowDown.*later"):
        bucket(s3.url).read("m.json")
    assert len(s3.asked) == 6


def test_an_expired_token_is_not_tried_again(credentials: None) -> None:
    with (
        answering(error("ExpiredToken", 400, "The provided token has expired.")) as s3,
        pytest.raises(NotPermitted, match="expired"),
    ):
        bucket(s3.url).read("m.json")
    assert len(s3.asked) == 1


def test_a_denial_names_the_permission(credentials: None) -> None:
    with (
        answering(error("AccessDenied", 403, "Access Denied")) as s3,
        pytest.raises(NotPermitted, match=r"s3:GetObject is missing.*s3:ListBucket"),
    ):
        bucket(s3.url).read("m.json")
    told = "User: u is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext"
    with answering(error("AccessDenied", 403, told)) as s3, pytest.raises(NotPermitted, match="permission kms:Decrypt"):
        bucket(s3.url).read("m.json")


def test_what_is_not_there_is_said_to_be_so(moto: Moto) -> None:
    with pytest.raises(BadInput, match="NoSuchBucket"):
        bucket(moto.url).read("m.json")
    moto.bucket()
    with pytest.raises(NotFound, match=r"s3://bills/m.json"):
        bucket(moto.url).read("m.json")


def test_another_size_than_the_manifest_says_is_a_rewrite(moto: Moto, tmp_path: Path) -> None:
    moto.bucket().put("a", b"abc")
    with pytest.raises(Unavailable, match="has 3 bytes, but its manifest says 4"):
        bucket(moto.url).download(Wanted("a", tmp_path / "a", size=4), Counted())


def test_several_files_arrive_each_in_its_place(moto: Moto, tmp_path: Path) -> None:
    store = moto.bucket()
    wanted = [Wanted(f"f{number}", tmp_path / "deep" / f"f{number}") for number in range(9)]
    for each in wanted:
        store.put(each.key, each.key.encode() * 1000)
    progress = Counted()
    bucket(moto.url).download_all(wanted, progress)
    assert [each.target.read_bytes() for each in wanted] == [each.key.encode() * 1000 for each in wanted]
    assert progress.bytes == 9 * 2000


def test_a_full_disk_is_said_to_be_full(moto: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moto.bucket().put("a", b"abc")

    def full(_pull: _Pull) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_Pull, "go_on", full)
    with pytest.raises(Unavailable, match=r"disk is full. Free space"):
        bucket(moto.url).download(Wanted("a", tmp_path / "a"), Counted())
