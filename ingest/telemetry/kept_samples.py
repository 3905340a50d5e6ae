"""The samples of a delivery in the archive, for the day on which later ones of the same hours come.

Below `archive/<source>/<delivery>/detail`, `samples-<id>.json` says which Parquet files they are, and `samples-<id>/`
has those of them that are not files of the delivery as they came. The id is the delivery's number in the database.
"""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from app.archive.copies import fetch, file_key
from app.archive.store import object_store
from app.errors import NotFound
from app.settings import Settings
from ingest.archive import Archived
from ingest.files import SourceFile


def keep_samples(
    archived: Archived,
    delivery_id: int,
    samples: Iterable[Path],
    files: Sequence[SourceFile],
    digests: Mapping[str, str],
) -> Sequence[Path]:
    """Keeps the Parquet files `samples`, those of the delivery itself where they lie; returns what was written.

    The description is the last: where it is, the rest is.
    """
    as_they_came = {file.path: archived.file(file.name, digests[file.name]) for file in files}
    folder = archived.detail / f"samples-{delivery_id}"
    shutil.rmtree(folder, ignore_errors=True)  # of another database that numbered its deliveries alike
    written, listed = [], []
    for number, path in enumerate(samples):
        target = as_they_came.get(path)
        if target is None:
            target = folder / f"{number}.parquet"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            written.append(target)
        listed.append(target.relative_to(archived.folder).as_posix())
    description = _description(archived, delivery_id)
    description.write_text(json.dumps(listed))
    return [*written, description]


def kept_samples(config: Settings, source: str, sha256: str, delivery_id: int) -> Sequence[Path] | None:
    """The Parquet files of a delivery's samples; None for one that has none, because a server had summed them up.

    Those that this machine lacks are fetched from the object store. Raises NotFound when they are gone.
    """
    archived = Archived(config.archive_dir / source / sha256)
    description = _description(archived, delivery_id)
    if not archived.folder.exists() or description.exists():
        _bring(config, description)
    elif not description.exists():
        return None
    found = [archived.folder / name for name in json.loads(description.read_text())]
    for path in found:
        _bring(config, path)
    return found


def _description(archived: Archived, delivery_id: int) -> Path:
    return archived.detail / f"samples-{delivery_id}.json"


def _bring(config: Settings, path: Path) -> None:
    if path.exists():
        return
    store = object_store(config)
    if store is None:
        raise NotFound(
            f"{path} is not there, and later telemetry of the same hours needs it. Point TRUEUP_DATA_DIR at the folder"
            " that telemetry was ingested with, or TRUEUP_ARCHIVE_URL at the object store that keeps it."
        )
    fetch(store, file_key(config.archive_dir, path), path)
