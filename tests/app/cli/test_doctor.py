"""`trueup doctor` tries the archive's store out."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from app.cli.doctor import _archive, _run, masked
from app.settings import Settings
from tests.object_stores import BUCKET, gcs_bucket


def test_the_archive_is_written_read_and_cleaned_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Settings(data_dir=tmp_path, archive_url=f"gs://{BUCKET}/prod")
    with gcs_bucket(monkeypatch) as gcs:
        assert _run(_archive, config) == (
            True,
            "bills are kept in gs://archive/prod/: it can be written, read and cleaned up",
        )
        assert {method for method, _ in gcs.asked} == {"POST", "GET", "DELETE"}
        gcs.faults["POST"] = 403
        ok, message = _run(_archive, config)
    assert not ok
    assert "the permission storage.objects.create" in message


def test_without_a_store_and_with_a_wrong_address(tmp_path: Path) -> None:
    assert _run(_archive, Settings(data_dir=tmp_path)) == (True, f"bills are kept in {tmp_path / 'archive'} only")
    assert _run(_archive, Settings(data_dir=tmp_path, archive_url="bucket"))[0] is False


def test_secrets_are_not_printed(tmp_path: Path) -> None:
    config = Settings(
        data_dir=tmp_path,
        database_url="postgresql://u:hidden@h/d",
        smtp_url=SecretStr("smtp://me%40x:hidden@mail.example.com:587"),
        webhook_url=SecretStr("https://hooks.example.com/hidden"),
        webhook_secret=SecretStr("hidden"),
    )
    shown = masked(config)
    assert "hidden" not in str(shown)
    assert "hidden" not in repr(config)
    assert shown["TRUEUP_SMTP_URL"] == "smtp://me%40x:***@mail.example.com:587"
    assert shown["TRUEUP_WEBHOOK_URL"] == "https://hooks.example.com/***"
    assert masked(Settings(smtp_url=SecretStr("hidden")))["TRUEUP_SMTP_URL"] == "***"
