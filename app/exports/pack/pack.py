"""A billing period's finance pack: what is kept of it when the period is closed, and what is handed out."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app.domain.canonical import CSV_NAME, JSON_NAME
from app.domain.named_file import NamedFile
from app.domain.period import Period
from app.domain.viewer import Scope, Viewer
from app.exports.pack.files import PackFile, listed
from app.exports.pack.manifest import NAME, manifest, versions
from app.exports.pack.parts import PARTS, Request, focus_files
from app.reports.finance_pack import StatementFacts, finance_pack, kept_pack, pack_statement
from app.settings import settings

_KEPT_BEFORE = {CSV_NAME, JSON_NAME}  # closing keeps the canonical form itself


@dataclass(frozen=True)
class Pack:
    """A pack as it is handed out. Its files are made, or read, one by one as they are asked for.

    `versions` are of what wrote the files that are kept.
    """

    statement: StatementFacts
    versions: Mapping[str, str]
    files: Iterator[PackFile]


def files_to_keep(session: Session, viewer: Viewer, period: Period) -> Iterator[NamedFile]:
    """What is kept of the pack of a billing month that has just been closed, beside its canonical form."""
    # Whoever may close may have these files written, not see them.
    reader = replace(viewer, scopes=viewer.scopes | {Scope.READ_COSTS})
    request = _request(session, reader, period)
    entries = []
    for file in _made(request):
        entries.append(listed(file))
        if file.name not in _KEPT_BEFORE:
            yield file
    yield manifest(request.pack.statement, versions(), entries)


def open_pack(session: Session, viewer: Viewer, period: Period, *, focus: bool = True) -> Pack:
    """The pack of a billing month; without `focus`, without its FOCUS files, which can be large.

    Of a closed month, its files are those that were kept, byte for byte. Raises NotFound when the month has no
    statement, NotAllowed for a viewer of some teams.
    """
    statement = pack_statement(session, viewer, period)
    kept = kept_pack(session, viewer, period, NAME)
    streamed = focus_files(session, viewer, period) if focus else iter(())
    if kept:
        wrote = json.loads(kept.manifest.content)["versions"]
        return Pack(statement, wrote, _all(kept.files, streamed))
    return Pack(statement, versions(), _all(_made(_request(session, viewer, period)), streamed))


def _all(files: Iterator[NamedFile], streamed: Iterator[PackFile]) -> Iterator[PackFile]:
    yield from files
    yield from streamed


def _request(session: Session, viewer: Viewer, period: Period) -> Request:
    return Request(session, viewer, finance_pack(session, viewer, period), settings().public_url)


def _made(request: Request) -> Iterator[NamedFile]:
    return (file for part in PARTS for file in part(request))
