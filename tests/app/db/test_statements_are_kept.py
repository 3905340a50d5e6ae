"""The database itself keeps what was issued and closed, whoever asks and by whatever means."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.db.session import make_engine, write_session

STATEMENT = """
INSERT INTO statement (billing_period_start, state, metric, allocation_version, loads, issued_at, issued_by)
VALUES (:start, :state, 'effective_cost', 1, '{}', now(), 'ada') RETURNING id
"""
LINE = """
INSERT INTO statement_line
    (statement_id, billing_currency, cost_type, exact_amount, amount, row_count, rows_without_value)
VALUES (:id, 'USD', 'direct', 1, 1, 1, 0)
"""
MONTHS = {"draft": "2026-05-01", "issued": "2026-04-01", "closed": "2026-03-01", "withdrawn": "2026-04-01"}


@pytest.fixture(scope="module")
def engine(module_database_url: str) -> Iterator[Engine]:
    """A statement with a line in each state; the closed one has a file."""
    opened = make_engine(module_database_url)
    with write_session(opened) as session:
        for state, start in MONTHS.items():
            made = "issued" if state == "closed" else state
            statement = session.scalar(text(STATEMENT), {"start": start, "state": made})
            session.execute(text(LINE), {"id": statement})
        session.execute(
            text("UPDATE statement SET state = 'closed', sha256 = 'x' WHERE billing_period_start = '2026-03-01'")
        )
        session.execute(
            text(
                "INSERT INTO statement_file"
                " SELECT id, 'a.csv', 'text/csv', 'x', 'x' FROM statement WHERE state = 'closed'"
            )
        )
        source = session.scalar(text("INSERT INTO source (name, kind) VALUES ('aws', 'focus') RETURNING id"))
        delivery = session.scalar(
            text("INSERT INTO delivery (source_id, sha256, format) VALUES (:id, '', 'focus') RETURNING id"),
            {"id": source},
        )
        for start in MONTHS.values():
            session.execute(
                text(
                    "INSERT INTO load (source_id, delivery_id, billing_period_start, state, rows_loaded,"
                    " first_charge_day, last_charge_day, billing_account_ids)"
                    " VALUES (:source, :delivery, :start, 'superseded', 0, :start, :start, '{}')"
                ),
                {"source": source, "delivery": delivery, "start": start},
            )
    yield opened
    opened.dispose()


def tried(engine: Engine, statement: str) -> None:
    with write_session(engine) as session:
        session.execute(text(statement))
        session.rollback()


MOVE = """
UPDATE statement_line SET statement_id = (SELECT id FROM statement WHERE state = '{to}')
FROM statement WHERE statement.id = statement_id AND state = '{of}'
"""
LINES_OF = "statement_line USING statement WHERE statement.id = statement_id AND state ="


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE statement SET metric = 'billed_cost' WHERE state = 'closed'",
        "UPDATE statement SET override_reason = 'x' WHERE state = 'closed'",
        "UPDATE statement SET sha256 = 'y' WHERE state = 'closed'",
        "UPDATE statement SET state = 'issued' WHERE state = 'closed'",
        "UPDATE statement SET state = 'draft' WHERE state = 'closed'",
        "UPDATE statement SET state = 'withdrawn' WHERE state = 'closed'",
        "DELETE FROM statement WHERE state = 'closed'",
        "UPDATE statement SET state = 'draft' WHERE state = 'issued'",
        "UPDATE statement SET fx = '[1]' WHERE state = 'issued'",
        "UPDATE statement SET state = 'closed', loads = '{7}' WHERE state = 'issued'",
        "UPDATE statement SET state = 'closed', issued_by = 'eve' WHERE state = 'issued'",
        "UPDATE statement SET state = 'closed', drawn_at = now() - interval '1 day' WHERE state = 'issued'",
        "DELETE FROM statement WHERE state = 'issued'",
        "UPDATE statement SET state = 'issued' WHERE state = 'withdrawn'",
        "DELETE FROM statement WHERE state = 'withdrawn'",
        "TRUNCATE statement CASCADE",
        *(
            each.replace("$", state)
            for state in ("closed", "issued", "withdrawn")
            for each in (
                "UPDATE statement_line SET amount = 2 FROM statement WHERE statement.id = statement_id AND state = '$'",
                f"DELETE FROM {LINES_OF} '$'",
                LINE.replace(":id", "(SELECT id FROM statement WHERE state = '$')"),
                MOVE.format(of="$", to="draft"),
            )
        ),
        *(MOVE.format(of="draft", to=state) for state in ("closed", "issued")),
        "TRUNCATE statement_line CASCADE",
        "UPDATE statement_file SET content = 'y'",
        "DELETE FROM statement_file",
        "TRUNCATE statement_file",
        "DELETE FROM load WHERE billing_period_start = '2026-03-01'",
        "DELETE FROM load WHERE billing_period_start = '2026-04-01'",
    ],
)
def test_what_was_handed_out_stays(engine: Engine, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"cannot be changed|are kept|cannot be deleted"):
        tried(engine, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE statement SET metric = 'billed_cost' WHERE state = 'draft'",
        f"DELETE FROM {LINES_OF} 'draft'",
        "DELETE FROM statement WHERE state = 'draft'",
        "UPDATE statement SET state = 'closed', closed_at = now(), fx = '[1]' WHERE state = 'issued'",
        "DELETE FROM load WHERE billing_period_start = '2026-05-01'",
    ],
)
def test_a_draft_moves_and_what_is_issued_can_be_closed(engine: Engine, statement: str) -> None:
    tried(engine, statement)
