"""Comments stay with what they were written on."""

from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from app.actions.comments import write_comment
from app.db.session import read_session, write_session
from app.db.tables.access import AuditEntry
from app.db.tables.statements import LineComment
from app.domain.comment import Commented
from app.domain.period import Period
from app.domain.statement import CostType
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, NotAllowed, NotFound
from app.reports.comments import CommentRow, commentable_lines, comments
from tests.app.chargeback.months import APRIL, MARCH, POLICY, Months, usage
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
OF_SPEECH = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"speech"}))
SHARED = (CostType.SHARED, "platform", "Amazon EKS")


@pytest.fixture
def months(trueup: Trueup, tmp_path: Path) -> Months:
    trueup.policy(POLICY)
    found = Months(trueup, tmp_path)
    billed(found, "10")
    return found


def billed(months: Months, search: str, service: str = "Amazon EKS") -> None:
    months.bill(
        usage("search", search, day="2026-03-02"),
        usage("speech", "5", day="2026-03-02"),
        usage("platform", "3.01", day="2026-03-02", ServiceName=service),
        usage(None, "2", day="2026-03-02"),
    )


def on(team: str | None, *line: object, currency: str = "USD", period: Period = MARCH) -> Commented:
    return Commented(period.start, team, currency, *line)  # type: ignore[arg-type]


def write(months: Months, what: Commented, text: str, viewer: Viewer | None = None) -> None:
    with write_session(months.trueup.engine) as session:
        write_comment(session, viewer or operator("ada"), what, text)


def read(months: Months, viewer: Viewer | None = None, team: str | None = None) -> tuple[CommentRow, ...]:
    with read_session(months.trueup.engine) as session:
        return comments(session, viewer or operator(), MARCH, team).comments


def test_comments_survive_every_redraw_and_closing(months: Months) -> None:
    write(months, on("speech", *SHARED), "Why do we pay for EKS?")
    write(months, on("speech"), "<b>Too much</b>\n=1+1")
    (line, whole) = read(months)
    assert (line.team_name, line.pool_name, line.text, line.author) == (
        "speech", "Platform", "Why do we pay for EKS?", "ada",
    )  # fmt: skip
    assert (whole.cost_type, whole.text) == (None, "<b>Too much</b>\n=1+1")
    billed(months, "12", service="Amazon ECS")  # the line is another service's now
    assert [(each.text, each.in_statement) for each in read(months)] == [
        ("Why do we pay for EKS?", False), ("<b>Too much</b>\n=1+1", True),
    ]  # fmt: skip
    billed(months, "12")
    assert [each.in_statement for each in read(months)] == [True, True]
    months.issue(MARCH)
    months.close(MARCH, "a test")
    write(months, on("search"), "Said after closing")
    assert [(each.text, each.in_statement) for each in read(months)][2] == ("Said after closing", True)
    audited = [each for each in months.trueup.all(AuditEntry) if each.action == "comment.write"]
    assert next((each.actor, each.target) for each in audited) == ("ada", "2026-03 speech")
    assert "EKS" not in str([each.details for each in audited])


def test_a_comment_is_never_changed_not_even_in_the_database(months: Months) -> None:
    write(months, on("search"), "Kept")
    for statement in (update(LineComment).values(text="other"), delete(LineComment)):
        with pytest.raises(DBAPIError, match="are kept"), write_session(months.trueup.engine) as session:
            session.execute(statement)
    assert [each.text for each in read(months)] == ["Kept"]


def test_who_sees_a_team_comments_it_and_no_other(months: Months) -> None:
    write(months, on("speech"), "Ours", OF_SPEECH)
    write(months, on("search"), "Theirs")
    write(months, on(None), "Whose is it?")
    assert [each.text for each in read(months, OF_SPEECH)] == ["Ours"]
    assert [each.text for each in read(months, team="search")] == ["Theirs"]
    assert [each.team_name for each in read(months)] == ["speech", "search", "Unallocated"]
    for team in ("search", None, "nobody"):
        with pytest.raises(NotFound):
            write(months, on(team), "Not ours", OF_SPEECH)
    with pytest.raises(NotFound):
        read(months, OF_SPEECH, team="search")
    with pytest.raises(NotAllowed):
        write(months, on("speech"), "x", Viewer("robot", frozenset({Scope.WRITE_INGEST})))
    assert len(read(months)) == 3


def test_only_what_the_statement_has_can_be_commented(months: Months) -> None:
    with read_session(months.trueup.engine) as session:
        found = commentable_lines(session, operator(), MARCH, "speech")
    assert [(each.on.cost_type, each.pool_name, each.on.service_name) for each in found] == [
        (None, None, None), (CostType.DIRECT, None, "Amazon EC2"), (CostType.SHARED, "Platform", "Amazon EKS"),
    ]  # fmt: skip
    for each in found:
        write(months, each.on, "x")
    wrong = (
        on("speech", CostType.TAX, None, None), on("speech", currency="EUR"), on("speech", period=APRIL),
        on("speech", CostType.DIRECT, None, "Amazon EKS"),
    )  # fmt: skip
    for what in wrong:
        with pytest.raises(NotFound):
            write(months, what, "x")
    with pytest.raises(BadInput):
        write(months, on("speech"), " ")
