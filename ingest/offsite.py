"""The copy of the archive in an object store, made before a delivery counts.

Bills and their rows go before the booking, so that nobody who changes figures waits for the network. What only the
booking finds out (charge keys, the mapping) is small and goes before its commit: no load is live whose bytes are not
kept, whatever crashes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.archive.copies import file_key, send
from app.archive.store import ObjectStore, object_store
from app.settings import Settings
from ingest.archive import Archived
from ingest.files import Progress

if TYPE_CHECKING:  # Ibis takes a second to import, and who posts quantities reads no bill
    from ingest.bill import Bill


@dataclass(frozen=True)
class Offsite:
    """The object store, or nothing where none is configured. Each call raises what the store raises."""

    store: ObjectStore | None
    root: Path  # of the archive on this machine
    progress: Progress

    def send_bill(self, archived: Archived, bill: "Bill", digests: Mapping[str, str]) -> None:
        """Every file that was handed over, and the rows of those that drill-down does not read as they are."""
        self.send_files(archived, digests)
        for staged in bill.delivery.files:
            if staged.rewritten:
                self._send(staged.parquet, archived.rows(digests[staged.file.name]))

    def send_files(self, archived: Archived, digests: Mapping[str, str]) -> None:
        """Every file that was handed over."""
        for name, sha256 in digests.items():
            self._send(archived.file(name, sha256), archived.file(name, sha256))

    def send_each(self, files: Iterable[Path]) -> None:
        """Files of the archive, in this order."""
        for file in files:
            self._send(file, file)

    def send_detail(self, archived: Archived) -> None:
        """What else drill-down needs; the description last, because where it is, the rest must be."""
        self.send_each((archived.keys, archived.description))

    def _send(self, file: Path, archived_as: Path) -> None:
        if self.store and send(self.store, file_key(self.root, archived_as), file):
            self.progress("upload", file.stat().st_size)


def offsite(config: Settings, progress: Progress) -> Offsite:
    """The store that is configured. Raises BadInput for an address that cannot be one."""
    return Offsite(object_store(config), config.archive_dir, progress)
