"""Bills of AWS at hand, as a copy of the bucket has them: for each billing period, the files of its newest delivery.

    <export>/metadata/BILLING_PERIOD=2026-06/<export>-Manifest.json                 the newest execution's
    <export>/metadata/BILLING_PERIOD=2026-06/<execution>/<export>-Manifest.json     create-new: one for each
    <export>/data/BILLING_PERIOD=2026-06/[<execution>/]<export>-00001.csv.gz

    <report>/20260601-20260701/<report>-Manifest.json                               legacy reports: the newest
    <report>/20260601-20260701/<assembly>/{<report>-Manifest.json, <report>-1.csv.gz}

Other files lie there too: earlier executions, and the last chunks of a month that shrank. They belong to no bill.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.errors import BadInput
from ingest.aws.manifest import Manifest, ManifestFile, is_manifest, read_manifest
from ingest.files import SourceFile

_EXPORT = re.compile(r"^(?P<root>(?:.*/)?)metadata/(?P<period>BILLING_PERIOD=[^/]+)/(?P<execution>(?:.+/)?)[^/]+$")
_REPORT = re.compile(r"^(?P<root>(?:.*/)?)(?P<period>\d{8}-\d{8})/(?P<execution>(?:.+/)?)[^/]+$")
_TIMED = re.compile(r"^\d{8}T\d{6}")  # as in 20260702T120000Z-a1b2c3d4
_DATA = re.compile(r"(?:^|/)(data/BILLING_PERIOD=.+)$")


@dataclass(frozen=True)
class Chosen:
    """The newest delivery of each billing period of a tree."""

    data: tuple[SourceFile, ...]
    manifests: tuple[SourceFile, ...]


@dataclass(frozen=True)
class _Placed:
    """A manifest and where it stands."""

    file: SourceFile
    root: str  # the folder of its export or report, with its slash; empty at the top
    period: str
    folder: str  # of an execution, with its slash; empty for the manifest of the period
    manifest: Manifest


def newest(files: Sequence[SourceFile]) -> Chosen:
    """The manifests that count among `files`, and the data files they name.

    Raises BadInput when there is no manifest, a manifest is broken or names a file that is missing or has another size,
    and when there are several exports: their rows would be the same cost twice.
    """
    placed = [each for each in map(_placed, filter(lambda file: is_manifest(file.name), files)) if each]
    if not placed:
        raise BadInput(
            "There is no manifest (metadata/BILLING_PERIOD=…/…-Manifest.json) that says which files make up the bill."
            " Copy the folders metadata and data together, or ingest data files alone with --format focus or aws-cur."
        )
    roots = sorted({each.root for each in placed})
    if len(roots) > 1:
        raise BadInput(
            f"There are {len(roots)} exports here ({', '.join(root or '.' for root in roots)}). Ingest the folder of"
            " each into a source of its own (--source NAME)."
        )
    periods: dict[str, list[_Placed]] = {}
    for each in placed:
        periods.setdefault(each.period, []).append(each)
    chosen = [_newest(those) for _, those in sorted(periods.items())]
    at_hand = {file.name: file for file in files}
    return Chosen(tuple(file for each in chosen for file in _named(each, at_hand)), tuple(each.file for each in chosen))


def data_key(key: str) -> str:
    """Where a data file of an export stands below its export: `data/BILLING_PERIOD=…`, else the key as it is."""
    found = _DATA.search(key)
    return found.group(1) if found else key


def _placed(file: SourceFile) -> _Placed | None:
    found = _EXPORT.match(file.name) or _REPORT.match(file.name)
    if not found:
        return None
    manifest = read_manifest(file.path.read_bytes(), file.name)
    return _Placed(file, found["root"], found["period"], found["execution"], manifest)


def _newest(those: Sequence[_Placed]) -> _Placed:
    """The manifest of the period, which is the newest; failing that, of the last execution, if its name has a time."""
    of_period = [each for each in those if not each.folder]
    executions = of_period or those
    if len(executions) > 1 and not all(_TIMED.match(each.folder) for each in executions):
        raise BadInput(
            f"{' and '.join(sorted(each.file.name for each in executions))} do not say which is the newest. Leave the"
            " one that counts, with its data."
        )
    return max(executions, key=lambda each: each.folder)


def _named(placed: _Placed, at_hand: Mapping[str, SourceFile]) -> Iterator[SourceFile]:
    for each in placed.manifest.files:
        file = _find(placed, each, at_hand)
        if file is None:
            raise BadInput(
                f"{placed.file.name} names {each.key}, which is not here. Copy the whole folder again, data first and"
                " metadata last."
            )
        size = file.path.stat().st_size
        if each.size not in {None, size}:
            raise BadInput(
                f"{file.name} has {size} bytes, but {placed.file.name} says {each.size}: it is from another delivery or"
                " cut off. Copy the whole folder again, data first and metadata last."
            )
        yield file


def _find(placed: _Placed, named: ManifestFile, at_hand: Mapping[str, SourceFile]) -> SourceFile | None:
    """The file at hand that a key of the bucket stands for: below the same export, or with the longest common end."""
    below = at_hand.get(placed.root + data_key(named.key))
    if below:
        return below
    parts = named.key.split("/")
    ends = ("/".join(parts[start:]) for start in range(len(parts) - 1))
    return next((at_hand[placed.root + end] for end in ends if placed.root + end in at_hand), None)
