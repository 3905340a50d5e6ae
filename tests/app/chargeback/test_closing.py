"""Issuing and closing: what is kept, what is refused, and by whom."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.actions.chargeback import close_statement, issue_statement
from app.actions.fx import import_rates
from app.actions.invoices import import_invoices
from app.chargeback.posting import lock_posting
from app.db.session import read_session, write_session
from app.db.tables.access import AuditEntry
from app.db.tables.statements import Statement, StatementFile
from app.domain.closing import Against, CannotClose, HasMoved
from app.domain.named_file import NamedFile
from app.domain.statement import StatementState
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, Conflict, NotAllowed, NotFound, TrueupError
from app.reports.closing import closing_status, file_named, kept_files, period_states, replayed
from tests.app.chargeback.months import APRIL, JUNE_3, MARCH, MAY, POLICY, Months, usage
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
CLOSER = Viewer("grace", frozenset({Scope.CLOSE_CHARGEBACK}))
HEADER = "InvoiceIssuerName,BillingAccountId,BillingPeriodStart,BillingCurrency,Amount\n"


@pytest.fixture
def months(trueup: Trueup, tmp_path: Path) -> Months:
    """March: search uses 10.01, speech 5, the platform they share 1."""
    trueup.policy(POLICY)
    found = Months(trueup, tmp_path)
    march(found)
    return found


def march(months: Months, search: str = "10.01") -> None:
    months.bill(
        usage("search", search, day="2026-03-02"),
        usage("speech", "5", day="2026-03-03"),
        usage("platform", "1", day="2026-03-04"),
    )


def audited(months: Months, action: str) -> list[AuditEntry]:
    return [each for each in months.trueup.all(AuditEntry) if each.action == action]


def test_a_month_is_issued_and_closed(months: Months) -> None:
    assert months.status(MARCH).state is StatementState.DRAFT
    assert months.issue(MARCH, CLOSER).is_new
    assert months.status(MARCH).state is StatementState.ISSUED
    closed = months.close(MARCH, viewer=CLOSER)
    status = months.status(MARCH)
    assert (status.state, status.sha256, status.closed_by, status.closed_at) == (
        StatementState.CLOSED, closed.sha256, "grace", JUNE_3,
    )  # fmt: skip
    assert (status.blockers, status.moves, status.overridden, status.override_reason) == ((), (), (), None)
    assert months.owed(MARCH) == {"search": Decimal("10.51"), "speech": Decimal("5.50")}
    (entry,) = audited(months, "statement.close")
    assert (entry.actor, entry.target, entry.details["sha256"]) == ("grace", "2026-03", closed.sha256)
    with read_session(months.trueup.engine) as session:
        assert period_states(session, operator()) == {MARCH.start: StatementState.CLOSED}


def test_the_canonical_files_are_kept_with_their_hash(months: Months) -> None:
    months.issue(MARCH)
    closed = months.close(MARCH)
    assert closed.files == ("canonical.csv", "canonical.json")
    with read_session(months.trueup.engine) as session:
        assert file_named(session, operator(), MARCH, "canonical.json").sha256 == closed.sha256
        csv = file_named(session, operator(), MARCH, "canonical.csv").content.decode()
        with pytest.raises(NotFound, match=r"It has: canonical.csv, canonical.json"):
            file_named(session, operator(), MARCH, "canonical.xml")
    assert [line.split(",")[-3] for line in csv.splitlines()[1:]] == ["10.01", "0.5", "5", "0.5"]


def test_issuing_again_changes_nothing_until_something_moves(months: Months) -> None:
    first = months.issue(MARCH)
    version = months.trueup.version()
    again = months.issue(MARCH)
    assert (again.is_new, again.issued_at, months.trueup.version()) == (False, first.issued_at, version)
    assert len(audited(months, "statement.issue")) == 1
    march(months, search="11.01")
    assert months.issue(MARCH).is_new
    states = [each.state for each in months.trueup.all(Statement)]
    assert sorted(states) == ["draft", "issued", "withdrawn"]
    assert months.owed(MARCH)["search"] == Decimal("11.51")


def test_the_withdrawn_statement_keeps_its_lines(months: Months) -> None:
    months.issue(MARCH)
    march(months, search="11.01")
    months.issue(MARCH)
    lines = "SELECT sum(amount) FROM statement_line JOIN statement ON statement.id = statement_id WHERE state = :state"
    assert months.trueup.scalar(lines, state="withdrawn") == Decimal("16.01")
    assert months.trueup.scalar(lines, state="issued") == Decimal("17.01")


def test_what_was_not_issued_or_has_no_figures_is_refused(months: Months) -> None:
    with pytest.raises(Conflict, match="No statement of 2026-03 is issued"):
        months.close(MARCH)
    with pytest.raises(Conflict, match="2026-04 has no figures"):
        months.issue(APRIL)
    with pytest.raises(NotFound, match="2026-04 has no statement"):
        months.status(APRIL)


def test_a_closed_month_is_neither_issued_nor_closed_again(months: Months) -> None:
    months.issue(MARCH)
    months.close(MARCH)
    with pytest.raises(Conflict, match="closed already, by ada at 2026-06-03 09:00"):
        months.close(MARCH, "really")
    with pytest.raises(Conflict, match="never changed"):
        months.issue(MARCH)


def test_what_has_moved_since_it_was_issued_is_told_by_team(months: Months) -> None:
    months.issue(MARCH)
    march(months, search="12.01")
    assert [str(each) for each in months.status(MARCH).moves] == ["search: 10.51 → 12.51 USD (+2)"]
    with pytest.raises(HasMoved, match=r"search: 10.51 → 12.51 USD \(\+2\).*chargeback issue 2026-03"):
        months.close(MARCH, "an override does not help")
    months.issue(MARCH)
    months.close(MARCH)


def test_a_policy_that_moves_nothing_asks_for_no_new_issue(months: Months) -> None:
    months.issue(MARCH)
    months.trueup.policy(POLICY.replace("name: house rules", "name: new house"))
    assert not months.issue(MARCH).is_new
    months.close(MARCH)
    assert months.replay(MARCH).identical


def test_an_override_needs_a_reason_that_is_kept_and_audited(months: Months) -> None:
    months.issue(MARCH)
    early = datetime(2026, 3, 31, 23, tzinfo=UTC)
    with pytest.raises(CannotClose) as refused:
        months.close(MARCH, now=early)
    assert [each.code for each in refused.value.blockers] == [Against.PERIOD_NOT_OVER]
    with pytest.raises(BadInput, match="needs a reason"):
        months.close(MARCH, " ", now=early)
    assert months.status(MARCH, early).state is StatementState.ISSUED
    assert audited(months, "statement.close") == []
    assert months.trueup.all(StatementFile) == []
    closed = months.close(MARCH, "the auditors come on Monday", now=early)
    assert [each.code for each in closed.overridden] == [Against.PERIOD_NOT_OVER]
    status = months.status(MARCH)
    assert status.override_reason == "the auditors come on Monday"
    assert [each["code"] for each in status.overridden] == ["period_not_over"]
    (entry,) = audited(months, "statement.close")
    assert entry.details["override_reason"] == "the auditors come on Monday"
    assert entry.details["overridden"][0]["message"].startswith("The billing period 2026-03 runs until 2026-04-01")


def test_a_reason_is_not_kept_when_there_was_nothing_to_override(months: Months) -> None:
    months.issue(MARCH)
    assert months.close(MARCH, "just in case").override_reason is None
    assert months.status(MARCH).overridden == ()


def invoice(months: Months, amount: str, account: str = "1000") -> None:
    with write_session(months.trueup.engine) as session:
        import_invoices(session, operator(), f"{HEADER}AWS,{account},2026-03,USD,{amount}\n", "march.csv")


def test_invoices_are_looked_at(months: Months) -> None:
    assert months.against(MARCH) == []  # nobody has an invoice on record
    invoice(months, "99")
    assert months.against(MARCH) == [Against.INVOICE_DOES_NOT_RECONCILE]
    invoice(months, "16.01")
    assert months.against(MARCH) == []
    invoice(months, "3", account="2000")
    assert months.against(MARCH) == [Against.INVOICE_WITHOUT_CHARGES]


def test_unallocated_cost_and_rows_without_value_are_looked_at(months: Months) -> None:
    other = {"day": "2026-03-02", "BillingAccountId": "2000"}
    months.bill(usage("stray", "4", **other), usage("search", None, **other), source="other")
    assert months.against(MARCH) == [Against.ROWS_WITHOUT_VALUE]
    months.trueup.policy(POLICY + "close: {unallocated_percent: 19.9}\n")
    blockers = months.status(MARCH).blockers
    assert [each.code for each in blockers] == [Against.UNALLOCATED, Against.ROWS_WITHOUT_VALUE]
    assert blockers[0].message.startswith("4 of 20.01 USD is unallocated, and the policy allows 19.9 %")
    months.trueup.policy(POLICY + "close: {unallocated_percent: 20}\n")
    assert months.against(MARCH) == [Against.ROWS_WITHOUT_VALUE]


def test_a_missing_rate_is_looked_at_and_a_known_one_frozen(months: Months) -> None:
    months.trueup.policy(POLICY + "reporting: {currency: EUR, rate: month_end}\n")
    assert months.against(MARCH) == [Against.RATE_MISSING]
    with write_session(months.trueup.engine) as session:
        import_rates(session, operator(), "Date,USD\n2026-03-31,1.25\n", "ecb.csv")
    assert months.against(MARCH) == []
    months.issue(MARCH)
    months.close(MARCH)
    (rate,) = months.statement(MARCH)[0].fx
    assert (rate["base"], rate["quote"], rate["numerator"], rate["denominator"]) == ("USD", "EUR", "4", "5")
    with write_session(months.trueup.engine) as session:
        import_rates(session, operator(), "Date,USD\n2026-03-31,1.6\n", "ecb.csv")
    assert months.replay(MARCH).identical


def test_a_source_that_has_delivered_nothing_is_looked_at(months: Months) -> None:
    months.bill(usage("search", "1", day="2026-03-02", BillingAccountId="2000"), source="other")
    months.bill(usage("search", "1", day="2026-04-02"))
    months.close_all(MARCH)
    (blocker,) = months.status(APRIL).blockers
    assert (blocker.code, "source other has a bill for 2026-03" in blocker.message) == (
        Against.SOURCE_DELIVERED_NOTHING, True,
    )  # fmt: skip
    assert months.against(MARCH) == []


def test_a_source_that_begins_later_concerns_no_earlier_month(months: Months) -> None:
    months.bill(usage("search", "1", day="2026-05-02"), source="new")
    refuse(months, "new")
    assert Against.DELIVERY_REFUSED not in months.against(MARCH)
    assert Against.DELIVERY_REFUSED in months.against(MAY)


def refuse(months: Months, source: str) -> None:
    broken = months.folder / "broken.csv"
    broken.write_text("BilledCost\n1\n")
    with pytest.raises(TrueupError):
        months.trueup.ingest(broken, source=source)


def test_a_refused_delivery_is_looked_at_until_another_is_loaded(months: Months) -> None:
    refuse(months, "aws")
    assert months.against(MARCH) == [Against.DELIVERY_REFUSED]
    march(months, search="10.02")
    assert months.against(MARCH) == []


@pytest.mark.parametrize(
    ("run", "code"),
    [
        ("'failed', 'access denied', now(), now() + interval '1 hour'", Against.SOURCE_RUN_FAILED),
        ("'done', NULL, '2026-06-01', '2026-06-01 06:00'", Against.SOURCE_OVERDUE),
    ],
)
def test_a_stale_source_is_looked_at(months: Months, run: str, code: Against) -> None:
    with write_session(months.trueup.engine) as session:
        session.execute(
            text(
                "INSERT INTO scheduled_run (source_id, state, message, finished_at, next_run_at)"
                f" SELECT id, {run} FROM source"
            )
        )
    assert months.against(MARCH) == [code]


def test_an_earlier_month_comes_first(months: Months) -> None:
    months.bill(usage("search", "1", day="2026-04-02"))
    months.issue(APRIL)
    with pytest.raises(CannotClose, match="Close 2026-03 first"):
        months.close(APRIL)
    months.close_all(MARCH)
    months.close(APRIL)


def test_of_two_who_close_at_once_one_wins(months: Months) -> None:
    months.issue(MARCH)
    start = threading.Barrier(2)
    ends: list[str] = []

    def try_to_close(name: str) -> None:
        start.wait(10)
        try:
            months.close(MARCH, viewer=operator(name))
            ends.append("closed")
        except Conflict as error:
            ends.append(f"conflict: {error}")

    threads = [threading.Thread(target=try_to_close, args=(name,)) for name in ("ada", "grace")]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    won, lost = sorted(ends)
    assert (won, lost.startswith("conflict: 2026-03 is closed already")) == ("closed", True)
    assert len(audited(months, "statement.close")) == 1


def test_a_crash_leaves_the_month_issued(months: Months) -> None:
    months.issue(MARCH)

    def pull_the_plug(*_: object) -> Iterator[NamedFile]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), write_session(months.trueup.engine) as session:
        close_statement(session, operator(), MARCH, JUNE_3, pack=pull_the_plug)
    assert months.status(MARCH).state is StatementState.ISSUED
    assert months.trueup.all(StatementFile) == []
    months.close(MARCH)
    assert months.replay(MARCH).identical


def test_issuing_and_closing_make_kept_answers_stale(months: Months) -> None:
    versions = [months.trueup.version()]
    for step in (months.issue, months.close):
        step(MARCH)
        versions.append(months.trueup.version())
    assert versions == sorted(set(versions))


LIMITED = Viewer("lead", frozenset({Scope.CLOSE_CHARGEBACK, Scope.READ_COSTS}), frozenset({"search"}))
READER = Viewer("reader", frozenset({Scope.READ_COSTS, Scope.WRITE_POLICY, Scope.WRITE_INGEST}))


@pytest.mark.parametrize("viewer", [LIMITED, READER])
def test_only_who_may_close_and_sees_everything_issues_and_closes(months: Months, viewer: Viewer) -> None:
    with pytest.raises(NotAllowed, match="close:chargeback"):
        months.issue(MARCH, viewer)
    months.issue(MARCH)
    with pytest.raises(NotAllowed, match="close:chargeback"):
        months.close(MARCH, viewer=viewer)


def test_who_sees_some_teams_sees_neither_checks_nor_files_nor_a_replay(months: Months) -> None:
    months.issue(MARCH)
    months.close(MARCH)
    asks: list[Callable[..., object]] = [
        lambda session: closing_status(session, LIMITED, MARCH, JUNE_3),
        lambda session: kept_files(session, LIMITED, MARCH),
        lambda session: file_named(session, LIMITED, MARCH, "canonical.csv"),
        lambda session: replayed(session, LIMITED, MARCH),
    ]
    with read_session(months.trueup.engine) as session:
        for ask in asks:
            with pytest.raises(NotAllowed, match="for every team"):
                ask(session)
        assert period_states(session, LIMITED) == {MARCH.start: StatementState.CLOSED}
        with pytest.raises(NotAllowed):
            period_states(session, CLOSER)


def test_issuing_waits_for_whoever_is_changing_figures(months: Months) -> None:
    with write_session(months.trueup.engine) as posting, write_session(months.trueup.engine) as impatient:
        lock_posting(posting)
        impatient.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            issue_statement(impatient, operator(), MARCH)
        impatient.rollback()
