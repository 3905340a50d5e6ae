"""Configuring the places bills come from."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actions.sources import add_source, find_source, only_source, remove_source
from app.db.tables.access import AuditEntry
from app.db.tables.bills import Delivery, Load, Source
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, Conflict, NotAllowed, NotFound

AT_THE_MACHINE = operator("ada")


def added(session: Session, name: str) -> Source:
    return add_source(session, AT_THE_MACHINE, kind="focus", name=name, config={})


def test_a_source_is_added_removed_and_audited(session: Session) -> None:
    add_source(session, AT_THE_MACHINE, kind="focus", name="aws", config={"path": "/bills"})
    assert find_source(session, "aws").config == {"path": "/bills"}
    remove_source(session, AT_THE_MACHINE, "aws")
    with pytest.raises(NotFound, match=r"no source called 'aws'. There is none yet: `trueup sources add`"):
        find_source(session, "aws")
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(each.actor, each.action, each.target) for each in entries] == [
        ("ada", "source.add", "aws"),
        ("ada", "source.remove", "aws"),
    ]


def test_a_name_is_taken_once(session: Session) -> None:
    added(session, "aws")
    with pytest.raises(Conflict, match="There is a source called 'aws' already"):
        added(session, "aws")


@pytest.mark.parametrize("name", ["", "AWS", "a b", "../aws", ".aws", "a/b", "ä", "a" * 64, "aws\n"])
def test_a_name_that_could_not_be_a_folder_is_refused(session: Session, name: str) -> None:
    with pytest.raises(BadInput, match="cannot name a source"):
        added(session, name)


def test_an_unknown_kind_names_those_there_are(session: Session) -> None:
    with pytest.raises(BadInput, match=r"no kind of source called 'cur'\. Choose from focus"):
        add_source(session, AT_THE_MACHINE, kind="cur", name="aws", config={})


def test_a_missing_source_names_those_there_are(session: Session) -> None:
    added(session, "gcp")
    added(session, "aws")
    with pytest.raises(NotFound, match=r"no source called 'azure'. There are: aws, gcp\."):
        remove_source(session, AT_THE_MACHINE, "azure")


def test_a_source_with_loads_stays(session: Session) -> None:
    source = added(session, "aws")
    delivery = Delivery(source_id=source.id, sha256="", format="focus", files=[])
    session.add(delivery)
    session.flush()
    march = date(2026, 3, 1)
    session.add(
        Load(
            source_id=source.id,
            delivery_id=delivery.id,
            billing_period_start=march,
            rows_loaded=1,
            first_charge_day=march,
            last_charge_day=march,
            totals=[],
            billing_account_ids=[],
        )
    )
    session.flush()
    with pytest.raises(Conflict, match="'aws' has loads"):
        remove_source(session, AT_THE_MACHINE, "aws")


def test_a_source_whose_deliveries_were_all_refused_may_go(session: Session) -> None:
    source = added(session, "mistyped")
    session.add(Delivery(source_id=source.id, sha256="", format="focus", files=[], state="refused"))
    session.flush()
    remove_source(session, AT_THE_MACHINE, "mistyped")
    assert session.scalars(select(Source)).all() == []


def test_the_only_source_need_not_be_named(session: Session) -> None:
    with pytest.raises(BadInput, match="there is no source yet"):
        only_source(session, "focus")
    added(session, "aws")
    assert only_source(session, "focus") == "aws"
    added(session, "gcp")
    with pytest.raises(BadInput, match=r"2 sources fit \(aws, gcp\)"):
        only_source(session, "focus")


def test_only_who_may_write_can_configure(session: Session) -> None:
    reader = Viewer("reader", frozenset({Scope.READ_COSTS}))
    with pytest.raises(NotAllowed, match="write:ingest"):
        add_source(session, reader, kind="focus", name="aws", config={})
    added(session, "aws")
    with pytest.raises(NotAllowed, match="write:ingest"):
        remove_source(session, reader, "aws")
