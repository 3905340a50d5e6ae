"""A source whose cost is on another source's bill: its quantities are kept, its charges are not booked."""

from decimal import Decimal
from pathlib import Path

import pytest

from app.actions.sources import add_source, change_source
from app.db.session import write_session
from app.db.tables.bills import Load
from app.db.tables.charges import Driver
from app.domain.viewer import operator
from app.errors import BadInput, Conflict
from tests.ingest.bills import Row, focus_row, write_csv
from tests.trueup import Trueup


def tokens(quantity: str, **cells: str) -> Row:
    """A charge of USD 3 that meters tokens."""
    metered = {
        "SkuMeter": "USE1-Claude4.5Sonnet-output-tokens",
        "ConsumedQuantity": quantity,
        "ConsumedUnit": "1K tokens",
    }
    return focus_row("3", ServiceName="Amazon Bedrock", **metered, **cells)


def source(trueup: Trueup, **config: object) -> None:
    with write_session(trueup.engine) as session:
        add_source(session, operator(), kind="focus", name="vendor", config=config)


def told(trueup: Trueup, **config: object) -> None:
    with write_session(trueup.engine) as session:
        change_source(session, operator(), "vendor", config)


def quantities(trueup: Trueup) -> list[tuple[int, Decimal]]:
    return [(each.load_id, each.quantity) for each in trueup.all(Driver)]


def test_quantities_are_kept_and_no_charge_is_booked(trueup: Trueup, tmp_path: Path) -> None:
    source(trueup, billed_elsewhere=True)
    bill = write_csv(tmp_path / "bill.csv", [tokens("2"), focus_row("1")])
    outcome = trueup.ingest(bill, source="vendor")
    assert [(load.rows, load.totals, load.drivers) for load in outcome.loads] == [(0, [], 1)]
    assert trueup.costs() == {}
    assert trueup.lines().total_rows == 0
    assert [quantity for _, quantity in quantities(trueup)] == [2000]
    assert trueup.ingest(bill, source="vendor").unchanged


def test_a_delivery_without_quantities_is_refused_with_what_to_do(trueup: Trueup, tmp_path: Path) -> None:
    source(trueup, billed_elsewhere=True)
    with pytest.raises(BadInput, match=r"bill.csv holds charges and no quantities .* --unset billed-elsewhere"):
        trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("1")]), source="vendor")
    assert (trueup.live(), trueup.deliveries("vendor")[0][0]) == ([], "refused")


def test_switched_on_charges_that_are_live_give_way_with_a_difference_on_record(trueup: Trueup, tmp_path: Path) -> None:
    source(trueup)
    # April has a charge and no quantities: it gives way all the same.
    rows = [tokens("2"), focus_row("1"), focus_row("5", day="2026-04-01")]
    bill = write_csv(tmp_path / "bill.csv", rows)
    trueup.ingest(bill, source="vendor")
    assert trueup.total() == 9
    told(trueup, billed_elsewhere=True)
    march, april = trueup.ingest(bill, source="vendor").loads  # the same bytes now stand for something else
    assert trueup.live() == [("2026-03", 0), ("2026-04", 0)]
    assert trueup.costs() == {}
    assert sorted(trueup.differences(march.load_id)) == [
        (None, "Amazon Bedrock", Decimal(3), Decimal(0)),
        (None, "Amazon EC2", Decimal(1), Decimal(0)),
    ]
    assert trueup.differences(april.load_id) == [(None, "Amazon EC2", Decimal(5), Decimal(0))]
    assert [load for load, _ in quantities(trueup)][-1] == march.load_id
    assert trueup.ingest(bill, source="vendor").unchanged


def test_the_cost_is_back_when_it_is_switched_off(trueup: Trueup, tmp_path: Path) -> None:
    source(trueup, billed_elsewhere=True)
    trueup.ingest(write_csv(tmp_path / "1.csv", [tokens("2")]), source="vendor")
    told(trueup, billed_elsewhere=None)
    trueup.ingest(write_csv(tmp_path / "2.csv", [tokens("2.5")]), source="vendor")
    assert trueup.total() == 3
    assert [each.billing_account_ids for each in trueup.all(Load) if each.state == "live"] == [["1000"]]


def test_it_leaves_the_account_to_the_source_that_bills_it(trueup: Trueup, tmp_path: Path) -> None:
    source(trueup, billed_elsewhere=True)
    trueup.ingest(write_csv(tmp_path / "aws.csv", [tokens("2"), focus_row("1")]), source="aws")
    trueup.ingest(write_csv(tmp_path / "bill.csv", [tokens("2", Tags='{"a": "b"}')]), source="vendor")
    assert trueup.total() == 4


def test_deliveries_that_add_do_not_add_to_charges(trueup: Trueup, tmp_path: Path) -> None:
    source(trueup, delivery_handling="Append", correction_handling="Delta")
    trueup.ingest(write_csv(tmp_path / "1.csv", [tokens("2")]), source="vendor")
    told(trueup, billed_elsewhere=True)
    more = write_csv(tmp_path / "2.csv", [tokens("1")])
    with pytest.raises(Conflict, match="--delivery-handling Overwrite"):
        trueup.ingest(more, source="vendor")
    assert trueup.total() == 3
    told(trueup, delivery_handling="Overwrite")
    trueup.ingest(more, source="vendor")
    told(trueup, delivery_handling="Append")
    trueup.ingest(write_csv(tmp_path / "3.csv", [tokens("4")]), source="vendor")
    assert trueup.costs() == {}
    assert sum(quantity for load, quantity in quantities(trueup) if load == trueup.all(Load)[-1].id) == 5000
