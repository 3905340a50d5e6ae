"""Months are loaded, restated, re-organised, issued and closed in any order: nothing is lost over time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, text, update
from sqlalchemy.orm import Session

from app.actions.chargeback import close_statement, issue_statement
from app.actions.policy import apply_policy
from app.chargeback.policies import assign_new_keys, policy_in_force
from app.chargeback.posting import lock_posting, post
from app.db.queries.statements import current_statements, statement_lines, statements_in
from app.db.tables.bills import Load
from app.db.tables.statements import Statement
from app.domain.period import Period
from app.domain.statement import StatementLine, StatementState
from app.domain.viewer import operator
from app.errors import TrueupError
from app.reports.closing import replayed
from tests.app.chargeback import drawn
from tests.app.chargeback.drawn_policies import policies, written
from tests.app.chargeback.law import quick, sums
from tests.app.chargeback.loaded import add_load, add_source
from tests.app.chargeback.reference_allocator import Amount, Line, statement
from tests.app.chargeback.reference_policy import Charge, read
from tests.app.chargeback.reference_pools import Quantity

MONTHS = (date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1))
SOURCES = ("aws", "other")
LATER = datetime(2026, 6, 3, 9, tzinfo=UTC)  # when all of them are over
REASON = "nothing of it matters here"

Bill = tuple[list[Charge], list[Quantity]]
Action = tuple[str, Any]


def bills_of(month: date) -> st.SearchStrategy[Bill]:
    return st.tuples(
        st.lists(drawn.charges(month) | drawn.usage(month), max_size=6), st.lists(drawn.quantities, max_size=3)
    )


first_bills = st.tuples(*(bills_of(month) for month in MONTHS))
loads = st.sampled_from(MONTHS).flatmap(
    lambda month: st.tuples(st.just("load"), st.tuples(st.just(month), st.sampled_from(SOURCES), bills_of(month)))
)
months = st.sampled_from(MONTHS)
actions = st.one_of(
    loads,
    loads,
    st.tuples(st.just("apply"), policies()),
    st.tuples(st.just("issue"), months),
    st.tuples(st.just("close"), months),
    st.tuples(st.just("issue and close"), months),
    st.tuples(st.just("issue and close"), months),
)


@dataclass
class Books:
    """A company's months, and what is live in them."""

    session: Session
    policy: dict[str, Any]
    sources: dict[str, int] = field(default_factory=dict)
    live: dict[tuple[date, str], tuple[int, Bill]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sources = {name: add_source(self.session, name) for name in SOURCES}
        apply_policy(self.session, operator(), written(self.policy))

    def do(self, action: Action) -> None:
        name, what = action
        if name == "load":
            self.load(*what)
        elif name == "apply":
            self.policy = what
            apply_policy(self.session, operator(), written(what))
        else:
            for each in name.split(" and "):
                self.attempt(each, what)

    def load(self, month: date, source: str, bill: Bill) -> None:
        """Makes a bill live in place of the one before, as ingesting does."""
        lock_posting(self.session)
        if (month, source) in self.live:
            before = self.live[month, source][0]
            self.session.execute(
                update(Load).where(Load.id == before).values(state="superseded", superseded_at=func.now())
            )
        charges, used = bill
        used = [replace(each, source=source) for each in used]
        load_id = add_load(self.session, self.sources[source], month, charges, used)
        self.live[month, source] = load_id, (charges, used)
        if applied := policy_in_force(self.session):
            assign_new_keys(self.session, applied)
        post(self.session, [month])

    def attempt(self, what: str, month: date) -> None:
        """Issues or closes a month; what is refused changes nothing."""
        period, before = Period.month_of(month), self.all_lines()
        try:
            with self.session.begin_nested():
                if what == "issue":
                    issue_statement(self.session, operator(), period)
                else:
                    close_statement(self.session, operator(), period, LATER, REASON)
        except TrueupError:
            assert self.all_lines() == before

    def all_lines(self) -> list[Any]:
        query = "SELECT statement_line::text FROM statement_line ORDER BY statement_line.id"
        return list(self.session.scalars(text(query)))

    def counted(self) -> list[StatementLine]:
        """The lines of closed statements, and of the drafts of months that are not closed."""
        months = self.session.scalars(text("SELECT DISTINCT billing_period_start FROM statement")).all()
        return [line for month in months for line in self._counting(month)]

    def _counting(self, month: date) -> list[StatementLine]:
        current = current_statements(self.session, month)
        counts: Statement | None = current.get(StatementState.CLOSED) or current.get(StatementState.DRAFT)
        return statement_lines(self.session, counts.id) if counts else []

    def now(self) -> list[tuple[Line, Amount]]:
        """The lines that the latest bills make under the latest policy, of every month."""
        policy = read(written(self.policy))
        bills = [bill for _, bill in self.live.values()]
        charges = [charge for bill in bills for charge in bill[0]]
        found: list[tuple[Line, Amount]] = []
        for month in MONTHS:
            used = [each for (of_month, _), (_, bill) in self.live.items() if of_month == month for each in bill[1]]
            found += statement(policy, month, charges, used).items()
        return found


histories = st.tuples(policies(), first_bills, st.lists(actions, min_size=4, max_size=12))


def after_each(session: Session, history: tuple[dict[str, Any], Sequence[Bill], Sequence[Action]]) -> Iterator[Books]:
    """The books after each action of a history; what was done is rolled back in the end."""
    policy, first, done = history
    with session.begin_nested() as apart:
        books = Books(session, policy)
        for month, bill in zip(MONTHS, first, strict=True):
            books.load(month, SOURCES[0], bill)
        for action in done:
            books.do(action)
            yield books
        apart.rollback()


@given(history=histories)
@quick(8)
def test_what_teams_owe_over_time_is_what_the_latest_bills_and_policy_say(session: Session, history: Any) -> None:
    """Closed statements and open drafts together, for each team and currency, to the last digit."""
    for books in after_each(session, history):
        assert sums((owed(line), line.exact_amount) for line in books.counted()) == sums(
            ((line.currency, line.team), amount.exact) for line, amount in books.now()
        )


@given(history=histories)
@quick(8)
def test_what_teams_are_charged_over_time_is_what_the_latest_bills_and_policy_say(
    session: Session, history: Any
) -> None:
    """The same in whole minor units, which is what is paid: nobody keeps a cent of a charge that is gone."""
    for books in after_each(session, history):
        assert sums((owed(line), line.amount) for line in books.counted()) == sums(
            ((line.currency, line.team), amount.charged) for line, amount in books.now()
        )


@given(history=histories)
@quick(4)
def test_every_closed_month_is_replayed_byte_for_byte(session: Session, history: Any) -> None:
    for books in after_each(session, history):
        for closed in statements_in(books.session, StatementState.CLOSED):
            assert replayed(session, operator(), Period.month_of(closed.billing_period_start)).identical


@pytest.mark.parametrize(
    ("closed_at", "restated_to"),
    [
        pytest.param(("1.076", "1.076"), ("0", "0"), id="the charges are gone, and so should be every cent"),
        pytest.param(("2.154", "0"), ("1.008", "0"), id="the difference of what was rounded"),
    ],
)
def test_a_restated_invoice_is_charged_to_the_cent(
    session: Session, closed_at: tuple[str, ...], restated_to: tuple[str, ...]
) -> None:
    """docs/closing.md: what was charged over time adds up to what the bills say now."""
    rule = {"name": "by account", "team_from_tag": "team"}
    books = Books(session, {"name": "two teams", "teams": [{"id": "alpha"}, {"id": "beta"}], "rules": [rule]})
    books.load(MONTHS[0], SOURCES[0], (two_teams(closed_at), []))
    books.do(("issue and close", MONTHS[0]))
    books.load(MONTHS[0], SOURCES[0], (two_teams(restated_to), []))
    assert sums((owed(line), line.amount) for line in books.counted()) == sums(
        ((line.currency, line.team), amount.charged) for line, amount in books.now()
    )


def two_teams(costs: Sequence[str]) -> list[Charge]:
    columns = {"billing_currency": "USD", "charge_category": "Usage", "service_name": "EC2"}
    return [
        Charge(MONTHS[0], MONTHS[0], columns, {"effective_cost": Decimal(cost)}, tags={"team": team})
        for team, cost in zip(("alpha", "beta"), costs, strict=True)
    ]


def owed(line: StatementLine) -> tuple[str, str | None]:
    return line.key.billing_currency, line.key.team_id
