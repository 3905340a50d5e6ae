"""Spelling is not identity: what differs in spelling only has one charge key."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from app.actions.sources import add_source
from app.db.session import write_session
from app.db.tables.charges import ChargeKey
from app.domain.viewer import operator
from ingest.keys import tags_of, tidy
from tests.ingest.bills import focus_row, write_csv, write_parquet
from tests.trueup import Trueup


@pytest.fixture
def one_key(trueup: Trueup) -> Any:
    """The only charge key there is."""

    def only() -> ChargeKey:
        (key,) = trueup.all(ChargeKey)
        return key  # type: ignore[no-any-return]

    return only


def test_odd_casing_of_allowed_values_folds_into_one_key(trueup: Trueup, tmp_path: Path, one_key: Any) -> None:
    spellings = [("Usage", "Compute"), ("usage", "compute"), (" USAGE ", "Compute ")]
    rows = [focus_row("1", ChargeCategory=charge, ServiceCategory=service) for charge, service in spellings]
    outcome = trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    assert (one_key().charge_category, one_key().service_category) == ("Usage", "Compute")
    assert trueup.costs("charge_category") == {"USD": {"Usage": 3}}
    assert trueup.lines(filters=["charge_category:Usage"]).totals == {"USD": 3}
    casing = {finding.column: finding.rows for finding in outcome.findings if finding.rule == "casing"}
    assert casing == {"ChargeCategory": 2, "ServiceCategory": 1}


def test_every_spelling_of_absence_is_one_key(trueup: Trueup, tmp_path: Path, one_key: Any) -> None:
    rows = [focus_row("1", ResourceId=absent, RegionId=absent) for absent in ("", "NULL", "null", " ", None)]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    assert one_key().resource_id is None
    assert trueup.lines(filters=["resource_id:"]).totals == {"USD": 5}


def test_blanks_around_a_value_are_no_part_of_it(trueup: Trueup, tmp_path: Path, one_key: Any) -> None:
    rows = [focus_row("1", ServiceName=name) for name in ("Amazon S3", " Amazon S3", "Amazon S3\t", "\u00a0Amazon S3")]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    assert one_key().service_name == "Amazon S3"
    assert trueup.lines(filters=["service_name:Amazon S3"]).totals == {"USD": 4}


def test_tags_are_the_same_as_json_text_and_as_a_map_in_any_order(trueup: Trueup, tmp_path: Path, one_key: Any) -> None:
    as_text = [
        focus_row("1", Tags='{"team": "search", "env": "prod"}'),
        focus_row("2", Tags='{"env":"prod","team":"search"}'),
    ]
    trueup.ingest(write_csv(tmp_path / "bill.csv", as_text), source="text", allow_overlap=True)
    pairs = [("team", "search"), ("env", "prod")]
    as_map = [focus_row("4", Tags=pairs), focus_row("8", Tags=pairs[::-1])]
    types = {"Tags": pa.map_(pa.string(), pa.string())}
    trueup.ingest(write_parquet(tmp_path / "bill.parquet", as_map, types), source="map", allow_overlap=True)
    assert one_key().tags == {"team": "search", "env": "prod"}
    assert trueup.costs("tag:team", "tag:env") == {"USD": {("search", "prod"): 15}}
    assert trueup.lines(filters=["tag:team:search"]).totals == {"USD": 15}


def test_the_cells_of_a_map_are_shown_as_json(trueup: Trueup, tmp_path: Path) -> None:
    row = focus_row("4", Tags=[("team", "search")])
    trueup.ingest(write_parquet(tmp_path / "bill.parquet", [row], {"Tags": pa.map_(pa.string(), pa.string())}))
    (item,) = trueup.lines().items
    assert json.loads(item.values["tags"] or "") == {"team": "search"}


def test_tags_without_value_and_of_other_types_stay_what_they_are(trueup: Trueup, tmp_path: Path, one_key: Any) -> None:
    tags = '{"gone": null, "flag": true, "number": 1.50, "list": [2, 1]}'
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("1", Tags=tags)]))
    assert one_key().tags == {"gone": None, "flag": True, "number": "1.50", "list": '["2", "1"]'}


def test_tags_that_are_no_json_are_read_as_none_and_said_so(trueup: Trueup, tmp_path: Path, one_key: Any) -> None:
    outcome = trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("1", Tags="team=search")]))
    assert one_key().tags == {}
    assert ("json", 1, "team=search") in [(f.rule, f.rows, f.example) for f in outcome.findings]


def test_a_columns_own_casing_is_kept_where_focus_lists_no_values() -> None:
    assert tidy("service_name", "amazon EC2") == "amazon EC2"
    assert tidy("charge_frequency", "usage-based") == "Usage-Based"
    assert tidy("charge_category", "Surcharge") == "Surcharge"


@pytest.mark.parametrize(
    ("raw", "tags"),
    [
        (None, {}),
        ("", {}),
        ("NULL", {}),
        ("{}", {}),
        ("[]", None),
        ('"text"', None),
        ("{", None),
        ('{"a": "1\\u0000"}', {"a": "1"}),
        ({"a": "1"}, {"a": "1"}),
    ],
)
def test_what_tags_can_be(raw: object, tags: dict[str, Any] | None) -> None:
    assert tags_of(raw) == tags


def test_a_policys_extra_column_is_part_of_the_key(trueup: Trueup, tmp_path: Path) -> None:
    with write_session(trueup.engine) as session:
        add_source(session, operator(), kind="focus", name="aws", config={"key_extras": ["x_CostClass"]})
    rows = [focus_row("1", x_CostClass="a"), focus_row("2", x_CostClass="b"), focus_row("4", x_CostClass="NULL")]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    assert [key.extras for key in trueup.all(ChargeKey)] in (
        [one, two, three]
        for one in ({"x_CostClass": "a"}, {"x_CostClass": "b"}, {})
        for two in ({"x_CostClass": "a"}, {"x_CostClass": "b"}, {})
        for three in ({"x_CostClass": "a"}, {"x_CostClass": "b"}, {})
    )
    trueup.policy(
        "name: x\nteams: [{id: search}]\nrules:\n  - {name: A, when: {column: x_CostClass, equals: a}, team: search}\n"
    )
    assert trueup.costs("team") == {"USD": {"search": 1, None: 6}}


def test_no_text_can_pass_for_two(trueup: Trueup, tmp_path: Path) -> None:
    rows = [
        focus_row("1", ResourceName="a\x1fb", ResourceType="c"),
        focus_row("2", ResourceName="a", ResourceType="b\x1fc"),
    ]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    assert trueup.lines().total_rows == 2
    assert trueup.lines().totals == {"USD": 3}
