"""OpenAI's costs and usage: to the last digit, from saved answers, whole or with what the vendor does to them."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.db.session import read_session
from app.db.tables.charges import ChargeKey, Driver
from app.domain.charge import Axis, Metric
from app.errors import BadInput
from app.reports.cost_query import Granularity
from ingest.http import exact_json
from ingest.openai.kind import KIND
from tests.examples import examples
from tests.ingest.opened import opened
from tests.trueup import Trueup

MAY_1 = 1777593600  # 2026-05-01T00:00:00Z
DAY = 86400


def cost(value: str, line_item: str | None = "gpt-4o, input", **more: Any) -> str:
    said = {"object": "organization.costs.result", "line_item": line_item, "project_id": "proj_a", **more}
    return json.dumps(said)[:-1] + f', "amount": {{"value": {value}, "currency": "usd"}}}}'


def bucket(*results: str, start: int = MAY_1) -> str:
    return (
        f'{{"object": "bucket", "start_time": {start}, "end_time": {start + DAY}, "results": [{", ".join(results)}]}}'
    )


def saved(path: Path, *buckets: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[{', '.join(buckets)}]")
    return path


def load(trueup: Trueup, *paths: Path) -> Any:
    return trueup.ingest(*paths, source="openai", file_format="openai")


def drivers(trueup: Trueup) -> dict[tuple[str, str], Decimal]:
    """Quantities of all live loads by name and what tells them apart, without the operation."""
    found: dict[tuple[str, str], Decimal] = {}
    with read_session(trueup.engine) as session:
        for row in session.scalars(select(Driver)):
            told = {k: v for k, v in dict(row.dimensions).items() if k != "operation"}
            key = (row.name, ",".join(f"{k}={v}" for k, v in sorted(told.items())))
            found[key] = found.get(key, Decimal(0)) + row.quantity
    return found


def test_every_digit_of_an_amount_is_kept_and_credits_count(trueup: Trueup, tmp_path: Path) -> None:
    file = saved(
        tmp_path / "2026-05.json",
        bucket(cost("123.4567890123456789"), cost("1E-7", "gpt-4o, output"), cost('"0.1"', "gpt-4o, cached input")),
        bucket(cost("-3.25", "Promotional credit", project_id=None), start=MAY_1 + DAY),
    )
    outcome = load(trueup, file)
    assert (outcome.rows_in, outcome.rows_quarantined) == (4, 0)
    expected = Decimal("123.4567890123456789") + Decimal("1E-7") + Decimal("0.1") - Decimal("3.25")
    assert trueup.total(Metric.BILLED) == trueup.total(Metric.EFFECTIVE) == expected
    assert trueup.costs("charge_category")["USD"]["Credit"] == Decimal("-3.25")
    # List and contracted cost are known of the credit only.
    assert trueup.rows_without_value(Metric.LIST) == trueup.rows_without_value(Metric.CONTRACTED) == 3
    assert trueup.total(Metric.LIST) == Decimal("-3.25")


def test_the_columns_are_focus(trueup: Trueup, tmp_path: Path) -> None:
    load(trueup, saved(tmp_path / "2026-05.json", bucket(cost("2", quantity=1500000, api_key_id="key_1"))))
    names = ("service_provider_name", "invoice_issuer_name", "service_category", "service_subcategory", "service_name")
    for name, value in zip(
        names, ("OpenAI", "OpenAI", "AI and Machine Learning", "Generative AI", "OpenAI API"), strict=True
    ):
        assert trueup.costs(name)["USD"] == {value: 2}
    for name, value in {
        "sub_account_id": "proj_a",
        "sku_meter": "gpt-4o, input",
        "consumed_unit": "Tokens",
        "billing_account_id": "openai",
    }.items():
        assert trueup.costs(name)["USD"] == {value: 2}, name
    (key,) = trueup.all(ChargeKey)
    assert key.extras == {"x_ApiKeyId": "key_1", "x_Model": "gpt-4o"}


def test_a_day_belongs_to_its_utc_month_and_day(trueup: Trueup, tmp_path: Path) -> None:
    load(trueup, saved(tmp_path / "x.json", bucket(cost("1")), bucket(cost("2"), start=MAY_1 - DAY)))
    months = trueup.costs(granularity=Granularity.MONTH)["USD"]
    assert months == {"2026-04-01": 2, "2026-05-01": 1}
    days = trueup.costs(axis=Axis.CHARGE, granularity=Granularity.DAY, span=(date(2026, 4, 1), date(2026, 6, 1)))["USD"]
    assert {day: amount for day, amount in days.items() if amount} == {"2026-04-30": 2, "2026-05-01": 1}


def test_a_cost_that_is_no_number_is_quarantined_and_the_others_load(trueup: Trueup, tmp_path: Path) -> None:
    file = saved(tmp_path / "2026-05.json", bucket(cost("1"), cost('"a lot"'), cost("NaN")))
    outcome = load(trueup, file)
    assert (outcome.rows_in, outcome.rows_quarantined) == (3, 2)
    assert trueup.total() == 1


def test_usage_becomes_tokens_whose_classes_do_not_overlap(trueup: Trueup, tmp_path: Path) -> None:
    costs = saved(tmp_path / "2026-05.json", bucket(cost("1")))
    used = {
        "object": "organization.usage.completions.result",
        "model": "gpt-4o",
        "project_id": "proj_a",
        "batch": True,
        "input_tokens": 1000,
        "input_cached_tokens": 300,
        "input_cache_write_tokens": 50,
        "input_audio_tokens": 100,
        "output_tokens": 80,
        "output_audio_tokens": 30,
        "num_model_requests": 7,
    }
    usage = saved(tmp_path / "2026-05.usage.completions.json", bucket(json.dumps(used)))
    outcome = load(trueup, costs, usage)
    assert outcome.set_aside == (("2026-05.usage.completions.json", "OpenAI usage, kept as drivers"),)
    told = "batch=True,model=gpt-4o,sub_account_id=proj_a"
    found = drivers(trueup)
    tokens = {key[1].removeprefix(f"{told},token_class="): value for key, value in found.items() if key[0] == "tokens"}
    assert tokens == {
        "input": 550,
        "cached_input": 300,
        "cache_write": 50,
        "input_audio": 100,
        "output": 50,
        "output_audio": 30,
    }
    assert sum(tokens.values()) == 1000 + 80
    assert found["requests", told] == 7


def test_the_other_kinds_of_usage_are_drivers_too(trueup: Trueup, tmp_path: Path) -> None:
    results: dict[str, dict[str, Any]] = {
        "embeddings": {"input_tokens": 11, "num_model_requests": 1, "model": "e"},
        "images": {"images": 12, "num_model_requests": 3, "model": "i"},
        "audio_speeches": {"characters": 5000, "num_model_requests": 2, "model": "t"},
        "audio_transcriptions": {"seconds": 600, "num_model_requests": 4, "model": "w"},
        "vector_stores": {"usage_bytes": 1 << 40},
        "code_interpreter_sessions": {"num_sessions": 7},
        "file_searches": {"num_requests": 8},
        "web_searches": {"num_requests": 15, "num_model_requests": 99},
    }
    files = [
        saved(
            tmp_path / f"{name}.json",
            bucket(json.dumps({"object": f"organization.usage.{name}.result", **said})),
        )
        for name, said in results.items()
    ]
    load(trueup, saved(tmp_path / "2026-05.json", bucket(cost("1"))), *files)
    assert drivers(trueup) == {
        ("tokens", "model=e,token_class=input"): 11,
        ("requests", "model=e"): 1,
        ("images", "model=i"): 12,
        ("requests", "model=i"): 3,
        ("characters", "model=t"): 5000,
        ("requests", "model=t"): 2,
        ("audio_seconds", "model=w"): 600,
        ("requests", "model=w"): 4,
        ("vector_store_bytes", ""): 1 << 40,
        ("sessions", ""): 7,
        ("file_searches", ""): 8,
        ("web_searches", ""): 15,
    }


def test_a_kind_of_result_not_known_is_told_of(trueup: Trueup, tmp_path: Path) -> None:
    new = json.dumps({"object": "organization.usage.dreams.result", "num_dreams": 3})
    outcome = load(trueup, saved(tmp_path / "a.json", bucket(cost("1"))), saved(tmp_path / "b.json", bucket(new)))
    assert any("organization.usage.dreams.result" in finding.message for finding in outcome.findings)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[", "line 1"),
        (b'{"error": {}}', "no list of buckets"),
        (b'[{"a": 1}]', "no list of OpenAI's daily buckets"),
        (b"[]", "holds no costs of OpenAI"),
        (b"<html>", "line 1"),
    ],
)
def test_a_file_that_is_no_answer_is_refused_by_name(trueup: Trueup, tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "2026-05.json"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=r"2026-05\.json") as refused:
        load(trueup, file)
    assert said in str(refused.value)


def test_usage_without_costs_is_refused(trueup: Trueup, tmp_path: Path) -> None:
    used = json.dumps({"object": "organization.usage.completions.result", "input_tokens": 1, "output_tokens": 1})
    with pytest.raises(BadInput, match="GET /v1/organization/costs"):
        load(trueup, saved(tmp_path / "u.json", bucket(used)))


def test_a_count_that_is_no_number_is_refused_by_file_and_bucket(trueup: Trueup, tmp_path: Path) -> None:
    used = json.dumps({"object": "organization.usage.completions.result", "input_tokens": "many", "output_tokens": 1})
    files = saved(tmp_path / "a.json", bucket(cost("1"))), saved(tmp_path / "u.json", bucket(used))
    with pytest.raises(BadInput, match=r"u\.json, bucket 1: input_tokens is 'many'"):
        load(trueup, *files)


amounts = st.decimals(min_value=-10_000, max_value=10_000, places=12, allow_nan=False)


@pytest.mark.slow
@settings(max_examples=examples(5), deadline=None)
@given(values=st.lists(amounts, min_size=1, max_size=20))
def test_what_openai_charges_is_what_is_billed(values: list[Decimal]) -> None:
    buckets = [bucket(cost(f"{value}"), start=MAY_1 + DAY * n) for n, value in enumerate(values)]
    with TemporaryDirectory() as folder:
        file = saved(Path(folder) / "2026-05.json", *buckets)
        assert opened(KIND, [file], Path(folder) / "scratch").billed == sum(values)


def figure(file: Path) -> Decimal:
    """Σ amount.value of a saved answer, with nothing but Python."""
    buckets = exact_json(file.read_bytes())
    return sum((Decimal(r["amount"]["value"]) for each in buckets for r in each["results"]), Decimal(0))


def test_the_sample_loads_twice_and_changes_nothing_the_second_time(trueup: Trueup, shared_data: Path) -> None:
    folder = shared_data / "billing" / "layouts" / "openai-cost" / "fixture"
    outcome = load(trueup, folder)
    assert (outcome.rows_in, outcome.rows_quarantined) == (7, 0)
    months = {name: figure(folder / f"{name}.json") for name in ("2026-05", "2026-06")}
    assert months == {"2026-05": Decimal("139.7067890123456789"), "2026-06": Decimal("52.6789")}
    by_month = trueup.costs(granularity=Granularity.MONTH)["USD"]
    assert by_month == {f"{name}-01": amount for name, amount in months.items()}
    found = drivers(trueup)
    assert found["tokens", "model=gpt-4o,token_class=input"] == 4_200_000
    assert found["tokens", "model=gpt-4o,token_class=output"] == 850_000
    assert found["web_searches", "model=gpt-4o"] == 15
    before = trueup.figures()
    assert load(trueup, folder).unchanged
    assert trueup.figures() == before


def test_a_restated_sample_moves_the_figures_and_is_on_record(
    trueup: Trueup, shared_data: Path, tmp_path: Path
) -> None:
    sample = shared_data / "billing" / "layouts" / "openai-cost" / "fixture" / "2026-06.json"
    load(trueup, sample)
    restated = tmp_path / "2026-06.json"
    restated.write_text(sample.read_text().replace("45.6789", "40.6789"))
    (booked,) = load(trueup, restated).loads
    assert trueup.total() == Decimal("47.6789")
    assert trueup.differences(booked.load_id) == [(None, "OpenAI API", Decimal("52.6789"), Decimal("47.6789"))]
