"""A folder that Cost Management exported into, at hand: the blobs of the runs that count, and whether they are whole.

<root>/<export>/<yyyymmdd-yyyymmdd>/<run>/{manifest.json, part_0_0001.csv.gz, …}
<root>/<export>/<folder>/{manifest.json, part_0_0001.csv.gz, …}     where each run overwrites the one before
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.errors import BadInput
from ingest.azure.manifest import FILE_NAME, Blob, Manifest, manifest
from ingest.azure.runs import Runs, newest_of_each, runs
from ingest.files import SourceFile


@dataclass(frozen=True)
class Run:
    """A run that counts, with the files of its blobs."""

    manifest: Manifest
    files: tuple[tuple[Blob, SourceFile], ...]


@dataclass(frozen=True)
class Tree:
    """What a folder of exports holds."""

    runs: tuple[Run, ...]
    left: tuple[tuple[SourceFile, str], ...]  # files that hold no charges that count, and what they are


def tree(files: Sequence[SourceFile], exports: Sequence[str]) -> Tree:
    """The runs that count among `files`, only of the exports called `exports` if there are any.

    Raises BadInput when there is no manifest, and when a manifest names a file that is missing or has another size.
    """
    read = _manifests(files)
    told = [each for each in read if not exports or each.export in exports]
    if not told:
        raise BadInput(
            f"There is no export called {' or '.join(exports)} here; {read[0].place} is of {read[0].export}."
        )
    found = runs(told)
    if not found.newest:
        raise BadInput(
            f"{told[0].place} is of a {told[0].type} export, which holds no costs. Export cost and usage details"
            " (FOCUS), or actual and amortized cost."
        )
    by_name = {file.name: file for file in files}
    kept = tuple(Run(each, tuple((blob, _file(each, blob, by_name)) for blob in each.blobs)) for each in found.newest)
    return Tree(kept, tuple(_left(files, kept, found)))


def counting(files: Sequence[SourceFile]) -> Sequence[SourceFile]:
    """The files of the newest run of each export and period, with their manifests: what there is to archive.

    Which of the exports count is up to the settings of the source, so all are kept. Raises BadInput as `tree` does.
    """
    by_name = {file.name: file for file in files}
    kept = newest_of_each(_manifests(files))
    names = {each.place for each in kept} | {_file(each, blob, by_name).name for each in kept for blob in each.blobs}
    return [file for file in files if file.name in names]


def _manifests(files: Sequence[SourceFile]) -> list[Manifest]:
    found = [file for file in files if _is_manifest(file)]
    if not found:
        raise BadInput(
            f"There is no {FILE_NAME} here, so nothing says which files make up the bill. Point at the folder of the"
            " export; files without a manifest are read with --format focus or --format azure-native."
        )
    return [manifest(file.path.read_bytes(), file.name) for file in found]


def _is_manifest(file: SourceFile) -> bool:
    return file.name.rsplit("/", 1)[-1].casefold() == FILE_NAME


def _file(run: Manifest, blob: Blob, by_name: Mapping[str, SourceFile]) -> SourceFile:
    """The file of a blob: beside its manifest, or where the blob's own name says."""
    beside = f"{run.folder}/{blob.file_name}" if run.folder else blob.file_name
    elsewhere = (name for name in by_name if blob.name == name or blob.name.endswith(f"/{name}"))
    found = by_name.get(beside) or by_name.get(next(elsewhere, ""))
    if found is None:
        raise BadInput(
            f"{run.place} names {blob.name}, which is not here. Download the whole folder again; if it is missing in"
            f" the container too, run the export {run.export} again for {run.period} in Cost Management."
        )
    size = found.path.stat().st_size
    if blob.bytes is not None and size != blob.bytes:
        raise BadInput(
            f"{found.name} has {size} bytes, and {run.place} says {blob.bytes}. Download both again; they must be of"
            " one run."
        )
    return found


def _left(files: Sequence[SourceFile], kept: Sequence[Run], found: Runs) -> list[tuple[SourceFile, str]]:
    counting = {file.name for run in kept for _, file in run.files}
    about = {each.place: "manifest" for each in found.newest}
    about |= {each.place: "manifest of a superseded run" for each in found.superseded}
    about |= {each.place: f"manifest of a {each.type} export" for each in found.others}
    of_no_run = "not of the newest run"
    return [(file, about.get(file.name, of_no_run)) for file in files if file.name not in counting]
