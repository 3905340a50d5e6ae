"""Cost Management exports as they lie in Blob storage: what is there now, and how it is fetched."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from app.domain.period import next_month
from app.errors import BadInput, NotFound, TrueupError, Unavailable
from ingest.azure.blobs import ROLE, Container
from ingest.azure.manifest import FILE_NAME, FOCUS, Manifest, manifest, period_of_folder
from ingest.azure.runs import runs
from ingest.files import Progress
from ingest.kind import Access, Offer, SourceSettings, Window


class ExportSettings(SourceSettings):
    """Where exports are delivered to."""

    fetched_from: ClassVar[str | None] = "container"

    account_url: str | None = Field(
        None, description="the Blob endpoint of the storage account, such as https://acme.blob.core.windows.net"
    )
    container: str | None = Field(None, description="the container that the export is delivered to")
    prefix: str = Field("", description="the directory in the container that the export was given")
    export_name: tuple[str, ...] = Field(
        (), description="the name of the export; repeat it for actual and amortized cost; without it all below prefix"
    )


@dataclass(frozen=True)
class Found:
    """A run in the container."""

    manifest: Manifest
    etag: str  # of the manifest

    @property
    def version(self) -> str:
        """Changes when there is a new run."""
        run = f"{self.manifest.run_id}@{self.manifest.submitted}"
        return f"{run}#{self.etag.strip(chr(34))}" if self.manifest.overwrites else run


def export_offers(settings: ExportSettings, window: Window) -> Iterator[Offer]:
    """One offer for each period that has runs: the newest run of each export, actual and amortized cost together.

    Raises Unavailable, NotPermitted, and BadInput when the settings name no container or a cost would count twice.
    """
    container = _container(settings)
    found = {each.manifest.place: each for each in _found(container, settings, window)}
    newest = [found[each.place] for each in runs(each.manifest for each in found.values()).newest]
    for months in sorted({each.manifest.months for each in newest}):
        of_period = [each for each in newest if each.manifest.months == months]
        if not any(each.manifest.blobs for each in of_period):
            continue  # a month that has no charges yet
        period = _period(*months)
        names = sorted({each.manifest.export for each in of_period})
        kinds = "FOCUS" if of_period[0].manifest.type == FOCUS else "cost details"
        yield Offer(
            scope=f"{'+'.join(names)}/{period}",
            version=" ".join(sorted(each.version for each in of_period)),
            label=f"{kinds} of {months[0]:%Y-%m}{'' if months[0] == months[1] else f' to {months[1]:%Y-%m}'}",
            fetch=partial(_fetch, container, of_period),
        )


def check_export(settings: ExportSettings) -> Iterator[Access]:
    """Whether we may list the container, whether there is an export in it, and whether we may read it."""
    try:
        container = _container(settings)
        place = next(_manifests(container, settings, None), None)
    except TrueupError as error:
        yield Access(ok=False, message=str(error))
        return
    yield Access(ok=True, message=f"may list the container {container.name} of {container.account}")
    if place is None:
        where = "/".join(filter(None, (container.name, settings.prefix.strip("/"), *settings.export_name[:1])))
        yield Access(
            ok=False,
            message=f"there is no {FILE_NAME} below {where}: check --prefix and --export-name, or wait for the"
            " first run of the export (and switch file partitioning on, which writes manifests)",
        )
        return
    try:
        each = manifest(container.read(place).data, place)
    except TrueupError as error:
        yield Access(ok=False, message=f"{error} (role {ROLE})")
        return
    yield Access(ok=True, message=f"may read it: {each.type} export {each.export}, {each.period}")


def _container(settings: ExportSettings) -> Container:
    if settings.container is None:
        raise BadInput("This source has no --path and no --container. Add it again with one of them.")
    return Container(settings.account_url, settings.container)


def _found(container: Container, settings: ExportSettings, window: Window) -> Iterator[Found]:
    for place in _manifests(container, settings, window):
        content = container.read(place)
        each = Found(manifest(content.data, place), content.etag)
        named = not settings.export_name or each.manifest.export in settings.export_name
        if named and _within(each.manifest.start, each.manifest.end, window):
            yield each


def _manifests(container: Container, settings: ExportSettings, window: Window | None) -> Iterator[str]:
    """The names of the manifests below the prefix, without those in folders of periods outside the `window`."""
    top = "/".join(filter(None, settings.prefix.split("/")))
    folders = [f"{top}/" if top else ""]
    while folders:
        for name, is_folder in container.listing(folders.pop()):
            last = name.rstrip("/").rsplit("/", 1)[-1]
            if not is_folder:
                if last == FILE_NAME:
                    yield name
                continue
            days = period_of_folder(last)
            if window is None or days is None or _within(*days, window):
                folders.append(name)


def _within(start: date, end: date, window: Window) -> bool:
    return start < window.end and end >= window.start


def _period(first: date, last: date) -> str:
    """Whole months as Cost Management names a folder."""
    return f"{first:%Y%m%d}-{next_month(last) - timedelta(days=1):%Y%m%d}"


def _fetch(container: Container, found: Sequence[Found], folder: Path, progress: Progress) -> Sequence[Path]:
    """Downloads the runs with their manifests, under the names that they have in the container."""
    for each in found:
        content = container.read(each.manifest.place)
        target = folder / each.manifest.place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.data)
        current = manifest(content.data, each.manifest.place)
        if current.run_id != each.manifest.run_id:
            raise Unavailable(_rewritten_message(each))
        _fetch_blobs(container, current, folder, progress)
        if container.etag(each.manifest.place) != content.etag:
            raise Unavailable(_rewritten_message(each))
    return [folder]


def _fetch_blobs(container: Container, run: Manifest, folder: Path, progress: Progress) -> None:
    for blob in run.blobs:
        name = f"{run.folder}/{blob.file_name}" if run.folder else blob.file_name
        try:
            container.download(name, folder / name, progress)
        except NotFound as error:
            raise BadInput(
                f"{run.place} names {blob.name}, which is not in the container {container.name}: it was deleted or"
                f" never written. Run the export {run.export} again for {run.period} in Cost Management."
            ) from error


def _rewritten_message(found: Found) -> str:
    return (
        f"A new run of the export {found.manifest.export} is being written to {found.manifest.folder}. The next run"
        " takes it when it is whole."
    )
