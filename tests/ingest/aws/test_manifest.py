"""Manifests name their files in more than one way, and are refused when they name none."""

import json
from typing import Any

import pytest

from app.errors import BadInput
from ingest.aws.manifest import Manifest, ManifestFile, is_manifest, read_manifest

KEY = "exports/x/data/BILLING_PERIOD=2026-06/x-00001.csv.gz"


def manifest(**told: Any) -> Manifest:
    return read_manifest(json.dumps(told).encode(), "x-Manifest.json")


@pytest.mark.parametrize(
    "told",
    [
        {"dataFiles": [f"s3://bills/{KEY}"]},
        {"dataFiles": [{"s3Uri": f"s3://bills/{KEY}"}]},
        {"data_files": [{"uri": f"s3://bills/{KEY}"}]},
        {"files": [{"key": KEY}]},
        {"execution": {"dataFiles": [f"arn:aws-cn:s3:::bills/{KEY}"]}},
        {"reportKeys": [f"/{KEY}"]},
    ],
)
def test_a_file_is_named_as_text_or_as_an_object_under_names_that_vary(told: dict[str, Any]) -> None:
    columns = [{"name": "BilledCost", "type": "double"}]
    assert manifest(columns=columns, **told).files == (ManifestFile(KEY),)


def test_a_size_is_taken_where_there_is_one() -> None:
    files = [{"s3Uri": f"s3://b/{KEY}", "size": 12}, {"s3Uri": "s3://b/y.parquet", "sizeInBytes": "7"}]
    assert manifest(dataFiles=files).files == (ManifestFile(KEY, 12), ManifestFile("y.parquet", 7))


def test_an_execution_is_called_so_or_assembly() -> None:
    assert manifest(dataFiles=[KEY], executionId="e-1").execution == "e-1"
    assert manifest(reportKeys=[KEY], assemblyId="a-1").execution == "a-1"
    assert manifest(dataFiles=[KEY]).execution is None


def test_further_artifacts_are_no_data() -> None:
    with pytest.raises(BadInput, match="names no data file"):
        manifest(additionalArtifactKeys=[{"key": KEY}], dataFiles=[])


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"{", "no whole JSON"),
        (b"[]", "holds no object"),
        (b'{"dataFiles": ["s3://b/x/../../etc/x.csv"]}', "points out of its folder"),
        (b'{"reportKeys": ["r/20260601-20260701/a/r-1.csv.zip"]}', "ZIP is not read"),
    ],
)
def test_what_is_no_manifest_is_refused_by_name(content: bytes, complaint: str) -> None:
    with pytest.raises(BadInput, match=f"x-Manifest.json.*{complaint}"):
        read_manifest(content, "x-Manifest.json")


def test_a_manifest_is_known_by_its_name() -> None:
    assert is_manifest("metadata/BILLING_PERIOD=2026-06/x-Manifest.json")
    assert is_manifest("Manifest.json")
    assert not is_manifest("account.json")
