"""What a delivery was found to break."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.findings import replace_findings
from app.db.tables.bills import Delivery, Finding, Source
from ingest.finding import Finding as Found

NULL = Found("not-null", "ListCost", "is null", 3, "null", "ListCost-C-003-M", "march.csv", 4)


def rules(session: Session) -> list[tuple[int, str, str | None, str | None, int | None]]:
    found = session.scalars(select(Finding).order_by(Finding.id))
    return [(each.delivery_id, each.column_name, each.requirement, each.file, each.row_number) for each in found]


def a_delivery(session: Session, source: Source) -> int:
    delivery = Delivery(source_id=source.id, sha256="", format="focus", files=[], state="loaded")
    session.add(delivery)
    session.flush()
    return delivery.id


def test_findings_take_the_place_of_those_of_the_same_delivery_alone(session: Session) -> None:
    source = Source(name="aws", kind="focus", config={})
    session.add(source)
    session.flush()
    one, two = a_delivery(session, source), a_delivery(session, source)
    replace_findings(session, one, [NULL, NULL])
    replace_findings(session, two, [NULL])
    replace_findings(session, one, [Found("json", "Tags", "is not a JSON object", 1, "x")])
    assert rules(session) == [
        (two, "ListCost", "ListCost-C-003-M", "march.csv", 4),
        (one, "Tags", None, None, None),
    ]
    replace_findings(session, one, [])
    assert [delivery for delivery, *_ in rules(session)] == [two]
