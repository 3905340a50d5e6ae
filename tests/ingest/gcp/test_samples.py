"""The FOCUS export as others recorded it: exact totals, the same bytes twice, a restated month."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.charge import Metric
from app.reports.cost_query import Granularity
from tests.trueup import Trueup

pytestmark = pytest.mark.slow

MAY = Decimal("3.123456789012345678")


@pytest.fixture
def sample(shared_data: Path) -> Path:
    return shared_data / "billing" / "layouts" / "gcp-focus-bq" / "fixture"


def test_the_sample_loads_to_the_last_digit_and_twice(trueup: Trueup, sample: Path) -> None:
    outcome = trueup.ingest(sample, source="gcp", file_format="gcp-billing")
    assert (outcome.rows_in, outcome.rows_quarantined) == (5, 0)
    assert outcome.format_version == "Google Cloud FOCUS preview"
    filled = {"BillingAccountName", "ChargeFrequency", "InvoiceIssuerName", "PublisherName", "ServiceCategory", "Tags"}
    assert not filled & {finding.column for finding in outcome.findings}
    assert trueup.costs(granularity=Granularity.MONTH)["USD"] == {"2026-05-01": MAY, "2026-06-01": Decimal(15)}
    assert trueup.total(Metric.EFFECTIVE) == MAY + 15
    assert trueup.total(Metric.LIST) == 22
    before = trueup.figures()
    assert trueup.ingest(sample, source="gcp", file_format="gcp-billing").unchanged
    assert trueup.figures() == before


def test_the_sample_has_the_columns_that_the_preview_leaves_out(trueup: Trueup, sample: Path) -> None:
    trueup.ingest(sample, source="gcp", file_format="gcp-billing")
    assert trueup.costs("service_category")["USD"] == {
        "Compute": Decimal("1.123456789012345678"),
        "Analytics": 4,
        "Storage": 5,
        "Management and Governance": 8,
    }
    assert trueup.costs("invoice_issuer_name")["USD"].keys() == {"Google Cloud"}
    assert trueup.costs("tag:team")["USD"] == {"platform": Decimal("1.123456789012345678"), "finance": 6, None: 11}
    assert trueup.lines(limit=10).totals == {"USD": MAY + 15}


def test_a_restated_sample_moves_the_figures_and_leaves_a_record(trueup: Trueup, sample: Path, tmp_path: Path) -> None:
    trueup.ingest(sample / "2026-06.json", source="gcp", file_format="gcp-billing")
    restated = json.loads((sample / "2026-06.json").read_text())
    at = {field["name"]: number for number, field in enumerate(restated["schema"]["fields"])}
    for name in ("BilledCost", "EffectiveCost"):
        restated["rows"][1]["f"][at[name]]["v"] = "3"
    file = tmp_path / "2026-06.json"
    file.write_text(json.dumps(restated))
    (load,) = trueup.ingest(file, source="gcp").loads
    assert trueup.total() == 13
    assert trueup.differences(load.load_id) == [(None, "Cloud Storage", Decimal(5), Decimal(3))]
