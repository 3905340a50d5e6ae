"""A rate card, from YAML to charges that Trueup answers questions about."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.charge import Axis, Metric
from app.domain.money import total
from app.errors import BadInput
from app.reports.cost_query import Granularity
from ingest.kind import Window
from ingest.pipeline import no_progress
from ingest.rate_card.document import parse_card
from ingest.rate_card.kind import KIND, RateCardSettings
from ingest.rate_card.rows import rows
from tests.trueup import Trueup

CARD = """\
format: 1
owner: {id: acme-dc, name: Acme Data Centre}
currency: EUR
defaults:
  depreciation_months: 3
  colocation: {per_month: 310.00}
  power: {kw: 10, pue: 1.25, price_per_kwh: 0.20}
machines:
  - id: node-1
    model: NVIDIA H100 SXM
    gpus: 8
    purchase_price: 1000.00
    residual_value: 100.00
    bought_on: 2026-01-16
    cluster: train-a
    team: research
"""


def window(start: str, end: str, today: str) -> Window:
    return Window(*(date.fromisoformat(day) for day in (start, end, today)))


def written(folder: Path, text: str) -> Path:
    file = folder / "card.yaml"
    file.write_text(text)
    return file


def test_a_card_becomes_charges_by_machine_day_and_part(trueup: Trueup, tmp_path: Path) -> None:
    card = written(tmp_path, f"{CARD}through: 2026-02\n")
    outcome = trueup.ingest(card, source="dc", file_format="rate-card")
    assert (outcome.rows_quarantined, [f"{load.period:%Y-%m}" for load in outcome.loads]) == (0, ["2026-01", "2026-02"])
    # January: 16 days. Power is 10 kW × 1.25 × 24 h × 0.20 = 60 a day.
    by_month = trueup.costs("sku_meter", granularity=Granularity.MONTH, axis=Axis.CHARGE, metric=Metric.EFFECTIVE)
    assert by_month == {
        "EUR": {
            ("2026-01-01", "Hardware depreciation"): 300,
            ("2026-01-01", "Hardware purchase"): 0,
            ("2026-01-01", "Colocation"): 160,
            ("2026-01-01", "Power"): 960,
            ("2026-02-01", "Hardware depreciation"): 300,
            ("2026-02-01", "Colocation"): 310,
            ("2026-02-01", "Power"): 1680,
        }
    }
    assert trueup.total(Metric.BILLED, currency="EUR") == 1000 + 160 + 960 + 310 + 1680
    assert trueup.costs("tag:team", metric=Metric.EFFECTIVE)["EUR"] == {"research": Decimal(3710)}
    assert trueup.ingest(card, source="dc").unchanged


def test_effective_plus_what_is_left_is_what_was_billed() -> None:
    card = parse_card(f"{CARD}through: 2026-12\n")
    made = [row for month in card.months for row in rows(card, month)]
    billed = total(Decimal(row["BilledCost"] or "") for row in made)
    effective = total(Decimal(row["EffectiveCost"] or "") for row in made)
    assert billed - effective == 100  # the residual value stays an asset


def test_a_run_offers_each_full_month_and_fetches_a_card_that_makes_only_its_rows(
    trueup: Trueup, tmp_path: Path
) -> None:
    settings = RateCardSettings(card=written(tmp_path, CARD))
    assert KIND.offers
    offered = list(KIND.offers(settings, window("2025-01-01", "2026-04-01", "2026-03-05")))
    assert [offer.scope for offer in offered] == ["2026-01", "2026-02"]
    (tmp_path / "fetched").mkdir()
    paths = offered[1].fetch(tmp_path / "fetched", no_progress)
    outcome = trueup.ingest(*paths, source="dc", file_format="rate-card")
    assert [f"{load.period:%Y-%m}" for load in outcome.loads] == ["2026-02"]
    assert trueup.total(Metric.EFFECTIVE, currency="EUR") == 300 + 310 + 1680


def test_a_machine_bought_later_changes_no_earlier_month() -> None:
    more = CARD + ("  - {id: node-2, model: H200, gpus: 8, purchase_price: 2000, bought_on: 2026-02-01}\n")
    assert KIND.offers
    versions = [
        {offer.scope: offer.version for offer in KIND.offers(RateCardSettings(card_text=text), window(*days))}
        for text in (CARD, more)
        for days in [("2025-01-01", "2026-04-01", "2026-03-05")]
    ]
    assert versions[0]["2026-01"] == versions[1]["2026-01"]
    assert versions[0]["2026-02"] != versions[1]["2026-02"]


def test_the_settings_keep_the_card_itself(tmp_path: Path) -> None:
    file = written(tmp_path, CARD)
    kept = RateCardSettings(card=file).model_dump(mode="json")
    file.unlink()
    assert RateCardSettings.model_validate(kept).card_text == CARD


def test_through_settles_how_far_the_card_goes() -> None:
    settings = RateCardSettings(card_text=CARD, through="2026-01")
    assert KIND.offers
    offered = KIND.offers(settings, window("2025-01-01", "2026-04-01", "2026-03-05"))
    assert [offer.scope for offer in offered] == ["2026-01"]


def test_the_card_of_the_documentation_can_be_read() -> None:
    page = (Path(__file__).parents[3] / "docs" / "sources" / "rate-card.md").read_text()
    card = parse_card(page.split("```yaml\n")[1].split("```")[0])
    assert [(machine.id, machine.gpus, len(machine.power)) for machine in card.machines] == [
        ("dgx-01", 8, 1),
        ("dgx-02", 8, 2),
    ]


def test_a_card_with_mistakes_is_refused_with_all_of_them_by_line() -> None:
    broken = CARD.replace("gpus: 8", "gpus: eight").replace("kw: 10", "kw: -1").replace("    team", "    teem")
    with pytest.raises(BadInput) as refused:
        RateCardSettings(card_text=broken)
    said = str(refused.value)
    assert "line 7: kw of power of machine `node-1` must be a number greater than zero" in said
    assert "line 11: the gpus of machine `node-1` must be a whole number such as 8, not `eight`" in said
    assert "line 16: a machine cannot have `teem`; did you mean `team`?" in said


def test_a_card_at_hand_must_say_up_to_when(trueup: Trueup, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"card\.yaml: add `through: YYYY-MM`"):
        trueup.ingest(written(tmp_path, CARD), source="dc", file_format="rate-card")
