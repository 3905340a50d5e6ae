"""Tags of a Cost and Usage Report have the keys that policies and FOCUS know."""

import json
from pathlib import Path

import pytest

from tests.ingest.aws.curs import item, read, write

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("name", "legacy"), [("2.parquet", False), ("2.csv", False), ("1.csv", True)])
def test_tags_and_cost_categories_are_one_object(tmp_path: Path, name: str, legacy: bool) -> None:
    items = [
        item(
            resource_tags={"user_team": 'se"arch', "aws_createdBy": "root", "user_env": "prod"},
            cost_category={"bu": "ads"},
        ),
        item(resource_tags={"user_team": "speech"}, cost_category={"bu": "ads", "Cost center": "42"}),
        item(resource_tags={}, cost_category={"bu": "ads"}),
        item(resource_tags={"user_team": 'a,"user_b":'}, cost_category={}),
        item(resource_tags=None, cost_category=None),
    ]
    found = read(write(tmp_path / name, items, legacy=legacy))
    assert [json.loads(row["Tags"] or "{}") for row in found.rows] == [
        {"team": 'se"arch', "aws:createdBy": "root", "env": "prod", "costCategory/bu": "ads"},
        {"team": "speech", "costCategory/bu": "ads", "costCategory/Cost center": "42"},
        {"costCategory/bu": "ads"},
        {"team": 'a,"user_b":'},
        {},
    ]


def test_the_column_that_has_all_tags_keeps_what_they_are_tags_of(tmp_path: Path) -> None:
    every = {
        "resourceTags/team": "search",
        "resourceTags/user:env": "prod",
        "accountTag/team": "platform",
        "userAttribute/team": "people",
        "costCategory/team": "ads",
    }
    found = read(write(tmp_path / "cur.parquet", [item(tags=every)]))
    assert json.loads(found.rows[0]["Tags"]) == {
        "team": "search",
        "env": "prod",
        "accountTag/team": "platform",
        "userAttribute/team": "people",
        "costCategory/team": "ads",
    }


def test_a_report_without_tags_has_none(tmp_path: Path) -> None:
    assert read(write(tmp_path / "cur.parquet", [item()])).rows[0]["Tags"] is None
