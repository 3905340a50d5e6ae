"""Replaying: a closed statement worked out again from what it rests on, to the byte."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy.orm import Session

from app.chargeback.adjustments import restated
from app.chargeback.draft import draw
from app.chargeback.heading import basis_of, corrected_bases, heading
from app.db.queries.statements import current_statements, posted_adjustments, statement_lines
from app.db.statement_files import kept_file
from app.db.tables.statements import Statement
from app.domain.adjusting import adjustments
from app.domain.canonical import Difference, canonical_files, first_difference
from app.domain.drafting import ALLOCATION_VERSION
from app.domain.named_file import NamedFile
from app.domain.replay import Replay
from app.domain.statement import StatementLine, StatementState
from app.errors import NotFound, Refused


def replay(session: Session, period: date) -> Replay:
    """The closed statement of a billing period, from its loads, policy and rates as they were, beside what was kept.

    It changes nothing. Raises NotFound when the period is not closed, Refused when the statement was drawn by rules
    that this release does not know.
    """
    closed = _closed(session, period)
    assert closed.sha256 is not None, "a closed statement has its hash"
    on_record = statement_lines(session, closed.id)
    lines = [*draw(session, basis_of(session, closed)).lines, *_adjustments(session, closed, on_record)]
    rebuilt = canonical_files(heading(session, closed, lines, closed.fx), lines)
    shown = canonical_files(heading(session, closed, on_record, closed.fx), on_record)
    from_inputs, from_lines = (_differences(session, closed, files) for files in (rebuilt, shown))
    return Replay(
        billing_period_start=period,
        identical=closed.sha256 == rebuilt[-1].sha256 and not from_inputs and not from_lines,
        allocation_version=closed.allocation_version,
        sha256=closed.sha256,
        rebuilt_sha256=rebuilt[-1].sha256,
        lines=len(lines),
        from_inputs=from_inputs,
        from_lines=from_lines,
    )


def _closed(session: Session, period: date) -> Statement:
    closed = current_statements(session, period).get(StatementState.CLOSED)
    if closed is None:
        raise NotFound(f"{period:%Y-%m} is not closed, so there is nothing to replay.")
    if closed.allocation_version != ALLOCATION_VERSION:
        raise Refused(
            f"The statement of {period:%Y-%m} was drawn by version {closed.allocation_version} of the allocation rules,"
            f" and this release knows version {ALLOCATION_VERSION} only. Replay it with the release that closed it."
        )
    return closed


def _adjustments(session: Session, closed: Statement, on_record: list[StatementLine]) -> Iterator[StatementLine]:
    """What `closed` corrects of other closed periods, from what those had come to rest on by then."""
    causes = {line.key.adjusts_period: line.causes for line in on_record if line.key.adjusts_period}
    for corrected, basis in corrected_bases(session, on_record).items():
        caused = causes[corrected] or {}
        yield from adjustments(
            corrected,
            draft=draw(session, basis).lines,
            closed=statement_lines(session, current_statements(session, corrected)[StatementState.CLOSED].id),
            posted=posted_adjustments(session, corrected, before=closed),
            causes=caused,
            restated=restated(session, caused),
        )


def _differences(session: Session, closed: Statement, rebuilt: tuple[NamedFile, ...]) -> tuple[Difference, ...]:
    found = []
    for file in rebuilt:
        kept = kept_file(session, closed.id, file.name) or NamedFile(file.name, file.media_type, b"")
        found.append(first_difference(kept, file))
    return tuple(each for each in found if each)
