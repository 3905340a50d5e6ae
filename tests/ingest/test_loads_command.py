"""The rules that a delivery breaks, as people and programs meet them."""

import json

from app.db.findings import replace_findings
from app.db.session import write_session
from app.db.tables.bills import Delivery
from ingest.finding import Finding
from tests.ingest.conftest import Command
from tests.trueup import Trueup

FOUND = Finding("not-null", "ListCost", "is null", 1, "NULL", "ListCost-C-003-M", "good.csv", 3)


def test_the_command_line_shows_them_for_a_load(standing: Trueup, typed: Command) -> None:
    (delivery,) = (each.id for each in standing.all(Delivery))
    with write_session(standing.engine) as session:
        replace_findings(session, delivery, [FOUND])
    told = typed("loads", "--rules", "1")
    assert told.code == 0
    for word in ("ListCost-C-003-M", "is null", "50.00%", "good.csv:3"):
        assert word in told.stdout
    (broken,) = json.loads(typed("loads", "--rules", "1", "--json").stdout)
    assert (broken["requirement"], broken["share_of_rows"], broken["row_number"]) == ("ListCost-C-003-M", "0.5", 3)


def test_a_load_that_breaks_nothing_says_so(standing: Trueup, typed: Command) -> None:
    (delivery,) = (each.id for each in standing.all(Delivery))
    with write_session(standing.engine) as session:
        replace_findings(session, delivery, [])
    assert "none of the rules" in typed("loads", "--rules", "1").stdout
    assert typed("loads", "--rules", "99").code == 1
