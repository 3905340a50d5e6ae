"""The worked example of docs/sources/csv.md: exactly the files that stand there."""

from decimal import Decimal
from pathlib import Path

from app.domain.charge import Axis, Metric
from app.reports.cost_query import Granularity
from tests.trueup import Trueup

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


def test_the_gpu_cloud_of_the_documentation_loads_to_its_own_total(trueup: Trueup) -> None:
    settings = {"mapping": str(EXAMPLES / "nimbus.yaml"), "key_extras": ["x_GpuType"]}
    bill = EXAMPLES / "nimbus-2026-06.csv"
    outcome = trueup.ingest(bill, source="nimbus", file_format="csv", settings=settings)
    assert (outcome.rows_in, outcome.rows_quarantined) == (7, 0)
    assert trueup.live() == [("2026-06", 7)]
    assert trueup.total(currency="EUR") == Decimal("14820.52065")  # the last line of the file
    assert trueup.costs("charge_category") == {
        "EUR": {
            "Usage": Decimal("972.535"),
            "Purchase": 11520,
            "Credit": Decimal("-38.4"),
            "Tax": Decimal("2366.38565"),
        }
    }
    assert trueup.costs("tag:team", metric=Metric.EFFECTIVE)["EUR"]["research"] == Decimal("12403.2")
    assert trueup.costs(axis=Axis.CHARGE, granularity=Granularity.DAY)["EUR"] == {
        "2026-06-01": Decimal("460.8"),
        "2026-06-02": Decimal("470.775"),
        "2026-06-30": Decimal("13888.94565"),
    }
    assert [f"{each.rule} {each.rows}" for each in outcome.findings if each.rule == "mapping"] == ["mapping 1"]
    again = trueup.ingest(bill, source="nimbus")
    assert again.unchanged
