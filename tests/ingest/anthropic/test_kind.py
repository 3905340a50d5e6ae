"""Anthropic's cost and usage: cents are not dollars, and no digit of one is lost."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.db.tables.charges import ChargeKey
from app.domain.charge import Metric
from app.errors import BadInput
from app.reports.cost_query import Granularity
from ingest.anthropic.costs import dollars
from ingest.anthropic.kind import KIND
from ingest.anthropic.settings import AnthropicSettings
from ingest.http import exact_json
from tests.examples import examples
from tests.ingest.opened import Opened, opened
from tests.trueup import Trueup

MAY_1 = {"starting_at": "2026-05-01T00:00:00Z", "ending_at": "2026-05-02T00:00:00Z"}
USER = {"type": "user_actor", "user_id": "user_1", "email_address": "ada@example.com", "deleted": False}


def row(amount: str, listed: str, **group: Any) -> dict[str, Any]:
    """A row of the analytics API."""
    said = {
        "model": "claude-opus-5-5",
        "workspace_id": "wrkspc_a",
        "cost_type": "tokens",
        "token_type": "output_tokens",
    }
    return {**MAY_1, "group": {**said, **group}, "cost": {"amount": amount, "list_amount": listed, "currency": "USD"}}


def used(**group: Any) -> dict[str, Any]:
    usage = {
        "uncached_input_tokens": 100,
        "cache_read_input_tokens": 40,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10},
        "output_tokens": 30,
        "server_tool_use": {"web_search_requests": 2},
        "requests": 3,
        "total_tokens": 200,
    }
    return {**MAY_1, "group": group, "usage": usage}


def bucket(*results: dict[str, Any]) -> dict[str, Any]:
    """A bucket of the legacy reports."""
    return {**MAY_1, "results": list(results)}


def saved(path: Path, entries: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps({"data": entries, "has_more": False, "next_page": None}))
    return path


def read(tmp_path: Path, entries: list[dict[str, Any]], **told: Any) -> Opened:
    return opened(KIND, [saved(tmp_path / "2026-05.json", entries)], tmp_path / "scratch", **told)


def quantities(found: Opened) -> dict[tuple[str, str], Decimal]:
    """Drivers by name and class of tokens."""
    told = [(each, json.loads(each["dimensions"])) for each in found.drivers]
    return {(each["name"], said.get("token_class", "")): each["quantity"] for each, said in told}


@pytest.mark.parametrize(
    ("cents", "expected"),
    [
        ("12378.912", "123.78912"),
        ("400", "4.00"),
        ("-250", "-2.50"),
        ("0.0000000000000000001", "0.000000000000000000001"),
        ("1e2", "1"),
        ("", None),
        ("a lot", None),
        ("NaN", None),
        (None, None),
    ],
)
def test_cents_become_dollars_with_every_digit(cents: str | None, expected: str | None) -> None:
    assert dollars(cents) == expected
    if expected and cents:
        assert Decimal(expected) * 100 == Decimal(cents)


def test_the_analytics_api_says_what_is_charged_and_what_the_list_price_was(trueup: Trueup, tmp_path: Path) -> None:
    file = saved(tmp_path / "2026-05.json", [row("12378.912", "14000", actor=USER, api_key_id="apikey_1")])
    outcome = trueup.ingest(file, source="anthropic", file_format="anthropic")
    assert (outcome.rows_in, outcome.rows_quarantined) == (1, 0)
    for metric in (Metric.BILLED, Metric.EFFECTIVE, Metric.CONTRACTED):
        assert trueup.total(metric) == Decimal("123.78912")
    assert trueup.total(Metric.LIST) == 140
    (key,) = trueup.all(ChargeKey)
    assert (key.service_provider_name, key.invoice_issuer_name, key.service_name) == (
        "Anthropic",
        "Anthropic",
        "Claude",
    )
    assert (key.service_category, key.service_subcategory) == ("AI and Machine Learning", "Generative AI")
    assert (key.sub_account_id, key.sku_meter) == ("wrkspc_a", "claude-opus-5-5 output_tokens")
    assert key.extras == {"x_ApiKeyId": "apikey_1", "x_ActorId": "user_1", "x_Model": "claude-opus-5-5"}


def test_the_legacy_report_knows_no_list_price_but_of_a_credit(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            bucket(
                {
                    "amount": "1000",
                    "currency": "USD",
                    "model": "m",
                    "token_type": "output_tokens",
                    "cost_type": "tokens",
                },
                {"amount": "-250", "currency": "USD", "description": "Developer promotional credit"},
                {"amount": "300", "currency": "USD", "cost_type": "code_execution", "description": "Code Execution"},
            )
        ],
    )
    said = [(each["SkuMeter"], each["ChargeCategory"], each["BilledCost"], each["ListCost"]) for each in found.focus]
    assert said == [
        ("m output_tokens", "Usage", "10.00", None),
        ("Developer promotional credit", "Credit", "-2.50", "-2.50"),
        ("code_execution", "Usage", "3.00", None),
    ]
    assert {each["billing_period_start"] for each in found.lines} == {date(2026, 5, 1)}


def test_batch_and_long_context_are_prices_of_their_own(tmp_path: Path) -> None:
    found = read(tmp_path, [row("1", "1", service_tier="batch", context_window="0-200k")])
    assert found.focus[0]["SkuPriceId"] == "claude-opus-5-5 output_tokens batch 0-200k"


@pytest.mark.parametrize(
    ("change", "column"), [({"amount": "a lot"}, "amount"), ({"amount": "1", "currency": "JPY"}, "currency")]
)
def test_what_cannot_be_read_as_dollars_is_set_aside(tmp_path: Path, change: dict[str, str], column: str) -> None:
    bad = row("1", "1")
    bad["cost"] |= change
    found = read(tmp_path, [row("700", "700"), bad])
    assert [line["problem"] for line in found.lines] == [None, column]


@pytest.mark.parametrize("legacy", [True, False])
def test_tokens_are_told_apart_by_class_tier_and_who_used_them(tmp_path: Path, legacy: bool) -> None:
    group = {"model": "m", "workspace_id": "w", "service_tier": "batch"}
    costs = bucket({"amount": "1", "currency": "USD"}) if legacy else row("1", "1")
    entry = bucket({**group, **used()["usage"]}) if legacy else used(**group, actor=USER)
    files = [saved(tmp_path / "2026-05.json", [costs]), saved(tmp_path / "2026-05.usage.json", [entry])]
    found = opened(KIND, files, tmp_path / "scratch")
    assert quantities(found) == {
        ("tokens", "input"): 100,
        ("tokens", "cached_input"): 40,
        ("tokens", "cache_write_5m"): 20,
        ("tokens", "cache_write_1h"): 10,
        ("tokens", "output"): 30,
        ("requests", ""): 3,
        ("web_searches", ""): 2,
    }
    said = json.loads(found.drivers[0]["dimensions"])
    assert said.pop("user_id", None) == (None if legacy else "user_1")
    said.pop("token_class", None)
    assert said == {"model": "m", "sub_account_id": "w", "service_tier": "batch", "batch": True}


def test_answers_of_both_apis_in_one_delivery_are_refused(tmp_path: Path) -> None:
    entries = [row("1", "1"), bucket({"amount": "1", "currency": "USD"})]
    files = [saved(tmp_path / f"{n}.json", [entry]) for n, entry in enumerate(entries)]
    with pytest.raises(BadInput, match=r"0\.json and 1\.json come from different APIs"):
        opened(KIND, files, tmp_path / "scratch")


@pytest.mark.parametrize("content", [b"[", b'{"error": {}}', b'[{"a": 1}]', b"[]"])
def test_a_file_that_is_no_answer_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "2026-05.json").write_bytes(content)
    with pytest.raises(BadInput, match=r"2026-05\.json"):
        opened(KIND, [tmp_path / "2026-05.json"], tmp_path / "scratch")


def test_overlapping_groups_cannot_be_asked_for() -> None:
    with pytest.raises(ValidationError, match="counts a user in two groups twice"):
        AnthropicSettings(group_by=("rbac_group_id",))
    with pytest.raises(ValidationError, match="at most 5"):
        AnthropicSettings(group_by=("model", "actor", "product", "speed", "workspace_id", "api_key_id"))
    with pytest.raises(ValidationError, match="moon is none of"):
        AnthropicSettings(group_by=("moon",))


amounts = st.decimals(min_value=-10_000, max_value=10_000, places=10, allow_nan=False)


@pytest.mark.slow
@settings(max_examples=examples(5), deadline=None)
@given(values=st.lists(amounts, min_size=1, max_size=20))
def test_what_anthropic_charges_is_what_is_billed(values: list[Decimal]) -> None:
    with TemporaryDirectory() as folder:
        found = read(Path(folder), [row(f"{value:f}", f"{value:f}") for value in values])
        assert found.billed * 100 == sum(values)


def figure(file: Path) -> Decimal:
    """Σ amount of a saved report in dollars, with nothing but Python."""
    found = exact_json(file.read_bytes())
    return sum((Decimal(r["amount"]) for each in found for r in each["results"]), Decimal(0)) / 100


def test_the_sample_loads_twice_and_changes_nothing_the_second_time(trueup: Trueup, shared_data: Path) -> None:
    folder = shared_data / "billing" / "layouts" / "anthropic-cost" / "fixture"
    outcome = trueup.ingest(folder, source="anthropic", file_format="anthropic")
    assert (outcome.rows_in, outcome.rows_quarantined) == (12, 0)
    assert outcome.format_version == "Anthropic cost report"
    months = {name: figure(folder / f"{name}.json") for name in ("2026-05", "2026-06")}
    assert months == {"2026-05": Decimal("117.845678"), "2026-06": Decimal("92.005")}
    by_month = trueup.costs(granularity=Granularity.MONTH)["USD"]
    assert by_month == {f"{name}-01": amount for name, amount in months.items()}
    before = trueup.figures()
    assert trueup.ingest(folder, source="anthropic", file_format="anthropic").unchanged
    assert trueup.figures() == before


def test_the_tokens_of_the_sample_are_all_there(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "billing" / "layouts" / "anthropic-cost" / "fixture"
    found = opened(KIND, [folder], tmp_path / "scratch")
    by_class: dict[str, Decimal] = {}
    for each in found.drivers:
        token_class = json.loads(each["dimensions"]).get("token_class", each["name"])
        by_class[token_class] = by_class.get(token_class, Decimal(0)) + each["quantity"]
    assert by_class == {
        "input": 700_000 + 800_000 + 500_000 + 999 + 42 + 3_000_000,
        "cached_input": 300_000,
        "cache_write_5m": 100_000,
        "output": 2_000_000 + 50_000 + 123 + 4_000_000,
        "web_searches": 5,
    }


def test_a_restated_sample_moves_the_figures_and_is_on_record(
    trueup: Trueup, shared_data: Path, tmp_path: Path
) -> None:
    sample = shared_data / "billing" / "layouts" / "anthropic-cost" / "fixture" / "2026-06.json"
    trueup.ingest(sample, source="anthropic", file_format="anthropic")
    restated = tmp_path / "2026-06.json"
    restated.write_text(sample.read_text().replace('"1200"', '"1100"'))
    (booked,) = trueup.ingest(restated, source="anthropic").loads
    assert trueup.total() == Decimal("91.005")
    assert trueup.differences(booked.load_id) == [(None, "Claude", Decimal("92.005"), Decimal("91.005"))]
