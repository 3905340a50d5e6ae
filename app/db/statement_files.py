"""The files of a closed statement: kept as they were handed out, never changed."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.tables.statements import Statement, StatementFile
from app.domain.named_file import NamedFile


def keep_files(session: Session, statement: Statement, files: Iterable[NamedFile]) -> None:
    """Keeps `files` of a closed statement. A name that it has already is an error: the first file stays."""
    assert statement.state == "closed", "only a closed statement has files"
    session.add_all(
        StatementFile(
            statement_id=statement.id,
            name=file.name,
            media_type=file.media_type,
            sha256=file.sha256,
            content=file.content,
        )
        for file in files
    )
    session.flush()


def kept_names(session: Session, statement_id: int) -> list[tuple[str, str, str]]:
    """Name, media type and SHA-256 of each file of a statement, by name."""
    statement = (
        select(StatementFile.name, StatementFile.media_type, StatementFile.sha256)
        .where(StatementFile.statement_id == statement_id)
        .order_by(StatementFile.name.collate("C"))
    )
    return [(name, media_type, sha256) for name, media_type, sha256 in session.execute(statement)]


def kept_file(session: Session, statement_id: int, name: str) -> NamedFile | None:
    """One file of a statement, or None when it has none of that name."""
    found = session.get(StatementFile, (statement_id, name))
    return NamedFile(found.name, found.media_type, found.content) if found else None
