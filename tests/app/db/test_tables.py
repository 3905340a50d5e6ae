"""What the database itself refuses, whoever asks."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from app.actions.audit import record
from app.db.session import read_session, write_session
from app.db.tables.bills import Source
from app.db.tables.policy import PolicyVersion, Team
from app.db.tables.rollups import DatasetVersion
from app.domain.viewer import operator


@pytest.mark.parametrize(
    "change",
    ["UPDATE audit_entry SET actor = 'nobody'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"],
)
def test_an_audit_entry_can_be_neither_changed_nor_removed(engine: Engine, change: str) -> None:
    with write_session(engine) as session:
        record(session, operator("ada"), "policy.apply", "house rules", version=1)
    with pytest.raises(DBAPIError, match="audit"), write_session(engine) as session:
        session.execute(text(change))
    with read_session(engine) as session:
        assert session.scalar(text("SELECT array_agg(actor) FROM audit_entry")) == ["ada"]


def test_a_reader_can_change_nothing(engine: Engine) -> None:
    with read_session(engine) as session, pytest.raises(DBAPIError, match="read-only"):
        session.execute(insert(Source).values(name="aws", kind="focus"))


def a_policy(session: Session) -> int:
    policy = PolicyVersion(name="x", document="", sha256="", statement_metric="effective_cost", applied_by="ada")
    session.add(policy)
    session.flush()
    return policy.id


@pytest.mark.parametrize(
    ("first", "second", "allowed"),
    [
        ({"valid_to": date(2026, 3, 1)}, {"valid_from": date(2026, 3, 1)}, True),
        ({"valid_to": date(2026, 3, 2)}, {"valid_from": date(2026, 3, 1)}, False),
        ({}, {"valid_from": date(2026, 3, 1)}, False),
        ({}, {"team_id": "speech"}, True),
    ],
)
def test_a_team_is_not_two_things_on_one_day(
    session: Session, first: dict[str, Any], second: dict[str, Any], *, allowed: bool
) -> None:
    policy = a_policy(session)
    team = {"policy_version_id": policy, "team_id": "search", "name": "Search"}
    session.execute(insert(Team).values(team | first))
    if allowed:
        session.execute(insert(Team).values(team | second))
        return
    with pytest.raises(IntegrityError, match="ex_team_validity"):
        session.execute(insert(Team).values(team | second))


def test_there_is_one_version_of_the_dataset(session: Session) -> None:
    with pytest.raises(IntegrityError):
        session.execute(insert(DatasetVersion).values(version=7))
