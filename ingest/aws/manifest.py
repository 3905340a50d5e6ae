"""Manifests that AWS delivers with a bill: which files make up a billing period, in which execution.

AWS' user guide names the manifest and where it lies, but not its keys, and those that are seen in the wild differ. So a
manifest is read by what it holds: its lists of addresses of data files, as text or as objects with an address and
perhaps a size. Sources: AWS Data Exports user guide, "Understanding export delivery"; AWS Cost and Usage Report user
guide, "Understanding your report versions".
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from app.errors import BadInput
from ingest.files import SUFFIXES

SUFFIX = "manifest.json"
_LISTS = ("datafiles", "reportkeys", "files")  # the usual names, best first
_ADDRESSES = ("s3uri", "uri", "s3url", "url", "s3key", "key", "path", "filepath")
_SIZES = ("size", "sizebytes", "sizeinbytes", "bytecount", "bytes", "contentlength")
_EXECUTIONS = ("executionid", "assemblyid")


@dataclass(frozen=True)
class ManifestFile:
    """A data file that a manifest names."""

    key: str  # in the bucket
    size: int | None = None  # bytes


@dataclass(frozen=True)
class Manifest:
    """What a manifest says."""

    execution: str | None  # changes with every delivery: executionId, or assemblyId of a legacy report
    files: tuple[ManifestFile, ...]


def is_manifest(name: str) -> bool:
    """Whether a file of this name is a manifest: the guide has both `<export>-Manifest.json` and `Manifest.json`."""
    return name.lower().endswith(SUFFIX)


def read_manifest(content: bytes, name: str) -> Manifest:
    """The manifest in a file called `name`. Raises BadInput when it is none, or names no file that can be read."""
    try:
        told = json.loads(content)
    except ValueError as error:
        raise BadInput(f"{name} is no whole JSON ({error}). Download it again.") from error
    if not isinstance(told, dict):
        raise BadInput(f"{name} is not a manifest of AWS: it holds no object. Check the path.")
    folded = {_folded(key): value for key, value in told.items()}
    files = _files(told, name)
    if not files:
        raise BadInput(
            f"{name} names no data file. Check that it is the manifest of a bill, and wait for the next one."
        )
    execution = next((folded[key] for key in _EXECUTIONS if isinstance(folded.get(key), str)), None)
    return Manifest(execution, files)


def _files(told: dict[str, Any], name: str) -> tuple[ManifestFile, ...]:
    lists = sorted(_lists(told), key=lambda each: _LISTS.index(each[0]) if each[0] in _LISTS else len(_LISTS))
    for _, entries in lists:
        files = tuple(filter(None, (_file(each) for each in entries)))
        unreadable = next((each.key for each in files if not each.key.lower().endswith(SUFFIXES)), None)
        if unreadable and unreadable.lower().endswith((".zip", ".csv.zip")):
            raise BadInput(f"{name} names {unreadable}: ZIP is not read. Export it as GZIP or Parquet.")
        if files and not unreadable:
            return _checked(files, name)
    return ()


def _lists(told: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """The lists in a manifest and one level deeper, without those of further artifacts (SQL, IAM policies)."""
    for key, value in told.items():
        if isinstance(value, dict):
            yield from _lists({k: v for k, v in value.items() if isinstance(v, list)})
        elif isinstance(value, list) and not _folded(key).startswith("additional"):
            yield _folded(key), value


def _file(entry: Any) -> ManifestFile | None:
    if isinstance(entry, str):
        return ManifestFile(_key(entry))
    if not isinstance(entry, dict):
        return None
    folded = {_folded(key): value for key, value in entry.items()}
    address = next((folded[key] for key in _ADDRESSES if isinstance(folded.get(key), str)), None)
    size = next((folded[key] for key in _SIZES if str(folded.get(key, "")).isdigit()), None)
    return ManifestFile(_key(address), None if size is None else int(size)) if address else None


def _key(address: str) -> str:
    """The key in `s3://bucket/key`, `arn:aws:s3:::bucket/key` or a bare key."""
    if address.startswith(("arn:", "s3://", "s3a://")):
        return address.split(":::" if address.startswith("arn:") else "://", 1)[-1].partition("/")[2]
    return address.lstrip("/")


def _checked(files: tuple[ManifestFile, ...], name: str) -> tuple[ManifestFile, ...]:
    odd = next((each.key for each in files if ".." in PurePosixPath(each.key).parts), None)
    if odd:
        raise BadInput(f"{name} names {odd}, which points out of its folder. Check where the manifest comes from.")
    return tuple(dict.fromkeys(files))


def _folded(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")
