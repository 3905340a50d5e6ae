"""Which table answers which question."""

from datetime import date

import pytest

from app.db.queries.cubes import CUBES
from app.domain.charge import Axis
from app.reports.cost_query import CostQuery, Filter, Granularity

YEAR = (date(2026, 1, 1), date(2027, 1, 1))
MIDDLE = (date(2026, 1, 15), date(2026, 2, 15))


@pytest.mark.parametrize(
    ("query", "table"),
    [
        (CostQuery(*YEAR, group_by=("team", "service_name")), "monthly_cost"),
        (CostQuery(*YEAR, granularity=Granularity.TOTAL), "monthly_cost"),
        (CostQuery(*MIDDLE, axis=Axis.BILLING), "monthly_cost"),
        (CostQuery(*YEAR, group_by=("resource_id",)), "monthly_resource_cost"),
        (CostQuery(*YEAR, filters=(Filter.parse("region:us-east-1"),)), "monthly_resource_cost"),
        (CostQuery(*YEAR, granularity=Granularity.WEEK), "daily_cost"),
        (CostQuery(*MIDDLE), "daily_cost"),
        (CostQuery(*MIDDLE, group_by=("resource_id",)), None),
        (CostQuery(*YEAR, granularity=Granularity.DAY, group_by=("sku_id",)), None),
        (CostQuery(*YEAR, filters=(Filter.parse("tag:env:prod"),)), None),
    ],
)
def test_the_smallest_table_that_fits_is_read(query: CostQuery, table: str | None) -> None:
    assert next((cube.table.__tablename__ for cube in CUBES if cube.fits(query)), None) == table
