"""Spend logs and daily tables of LiteLLM as quantities: exact, by model and token class, and never a charge."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from app.errors import BadInput
from ingest.litellm.kind import KIND
from tests.examples import examples
from tests.ingest.opening import Opened, opened
from tests.trueup import Trueup

Row = dict[str, Any]


def a_log(request_id: str = "r-1", **told: Any) -> Row:
    """A request of 2 June: 1,000 tokens in, of which 600 from the cache, 200 out, for 0.0045 dollars."""
    return {
        "request_id": request_id,
        "startTime": "2026-06-02T10:00:00.123000+00:00",
        "endTime": "2026-06-02T10:00:01+00:00",
        "spend": 0.0045,
        "prompt_tokens": 1000,
        "completion_tokens": 200,
        "model": "claude-sonnet-4-5",
        "model_group": "sonnet",
        "custom_llm_provider": "anthropic",
        "api_key": "88dc28",
        "user": "ada",
        "end_user": "",
        "team_id": "t-1",
        "cache_hit": "None",
        "request_tags": ["prod", "User-Agent: curl/8", "chat"],
        "status": "success",
        "metadata": {"usage_object": {"cache_read_input_tokens": 600}, "user_api_key_team_alias": "Search"},
        **told,
    }


def written(folder: Path, rows: list[Row], name: str = "logs.jsonl") -> Path:
    lines = name.removesuffix(".gz").endswith("l")
    text = "\n".join(json.dumps(row) for row in rows) if lines else json.dumps(rows)
    data = text.encode()
    (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return folder / name


def tokens(delivery: Opened) -> dict[str, Decimal]:
    classes = ("input", "cached_input", "cache_write", "output")
    return {each: total for each in classes if (total := delivery.total("tokens", token_class=each))}


def test_a_request_becomes_spend_tokens_by_class_and_a_request(tmp_path: Path) -> None:
    with opened(KIND, tmp_path, written(tmp_path, [a_log()])) as delivery:
        found = delivery.drivers
        assert not delivery.delivery.has_charges
    (spend,) = found[("2026-06-02", "gateway_spend", "Anthropic")].items()
    assert spend[1] == Decimal("0.0045")
    assert json.loads(spend[0]) == {
        "api_key": "88dc28",
        "model": "claude-sonnet-4-5",
        "model_group": "sonnet",
        "provider": "anthropic",
        "tags": "chat,prod",
        "team": "t-1",
        "team_alias": "Search",
        "user": "ada",
    }
    by_class = {
        json.loads(told)["token_class"]: amount for told, amount in found[("2026-06-02", "tokens", "Anthropic")].items()
    }
    assert by_class == {"input": 400, "cached_input": 600, "output": 200}
    (requests,) = found[("2026-06-02", "requests", "Anthropic")].items()
    assert (json.loads(requests[0])["status"], requests[1]) == ("ok", Decimal(1))


USAGES: dict[str, tuple[Row, int, dict[str, int]]] = {
    "anthropic": (
        {"usage_object": {"cache_read_input_tokens": 600, "cache_creation_input_tokens": 100}},
        1000,
        {"input": 300, "cached_input": 600, "cache_write": 100, "output": 200},
    ),
    "openai": (
        {"usage_object": {"prompt_tokens_details": {"cached_tokens": 600}}},
        1000,
        {"input": 400, "cached_input": 600, "output": 200},
    ),
    "an old log": (
        {"additional_usage_values": {"cache_read_input_tokens": 600}},
        1000,
        {"input": 400, "cached_input": 600, "output": 200},
    ),
    "a prompt counted without its cache": (
        {"usage_object": {"cache_read_input_tokens": 600}},
        50,
        {"input": 50, "cached_input": 600, "output": 200},
    ),
    "no details": ({}, 1000, {"input": 1000, "output": 200}),
}


@pytest.mark.parametrize("name", USAGES)
def test_cached_tokens_are_found_wherever_a_provider_tells_them(name: str, tmp_path: Path) -> None:
    metadata, prompt, expected = USAGES[name]
    with opened(KIND, tmp_path, written(tmp_path, [a_log(metadata=metadata, prompt_tokens=prompt)])) as delivery:
        assert tokens(delivery) == expected


def test_what_the_gateway_answered_itself_is_kept_apart(tmp_path: Path) -> None:
    rows = [a_log(), a_log("r-2_cache_hit1", cache_hit="True", spend=0.0)]
    with opened(KIND, tmp_path, written(tmp_path, rows)) as delivery:
        assert delivery.total("tokens", token_class="output", cache_hit="true") == 200
        assert delivery.total("tokens", token_class="output") == 400
        assert delivery.total("gateway_spend") == Decimal("0.0045")


def test_failed_requests_are_counted_as_such(tmp_path: Path) -> None:
    rows = [a_log(), a_log("r-2", status="failure", spend=0, completion_tokens=0, prompt_tokens=0, metadata={})]
    with opened(KIND, tmp_path, written(tmp_path, rows)) as delivery:
        assert [delivery.total("requests", status=status) for status in ("ok", "failed")] == [1, 1]


def test_a_request_that_stands_in_two_pages_counts_once(tmp_path: Path) -> None:
    pages = [{"data": [a_log("r-1"), a_log("r-2")], "total": 2}, {"data": [a_log("r-2"), a_log("r-3")], "total": 2}]
    for number, page in enumerate(pages):
        (tmp_path / f"logs-2026-06-0000{number}.json").write_text(json.dumps(page))
    with opened(KIND, tmp_path, tmp_path) as delivery:
        assert delivery.total("requests") == 3
        assert [(note.rule, note.rows) for note in delivery.delivery.notes] == [("unique", 1)]


def test_a_page_of_june_brings_nothing_of_july(tmp_path: Path) -> None:
    page = {"data": [a_log("r-1"), a_log("r-2", startTime="2026-07-01T00:00:00Z")], "total": 2}
    (tmp_path / "logs-2026-06-00000.json").write_text(json.dumps(page))
    with opened(KIND, tmp_path, tmp_path / "logs-2026-06-00000.json") as delivery:
        assert {day for day, _, _ in delivery.drivers} == {"2026-06-02"}


def test_rows_that_cannot_be_read_are_told_and_count_nowhere(tmp_path: Path) -> None:
    rows = [a_log(), a_log("r-2", spend="much"), a_log("r-3", startTime="soon"), a_log("r-4", prompt_tokens="x")]
    with opened(KIND, tmp_path, written(tmp_path, rows)) as delivery:
        assert delivery.total("requests") == 1
        assert [(note.rule, note.rows) for note in delivery.delivery.notes] == [("readable", 3)]


def test_broken_metadata_and_tags_cost_no_row(tmp_path: Path) -> None:
    rows = [a_log(metadata="{broken", request_tags="[broken"), a_log("r-2", metadata=None, request_tags=None)]
    with opened(KIND, tmp_path, written(tmp_path, rows)) as delivery:
        assert delivery.total("gateway_spend") == Decimal("0.009")


floats = st.floats(min_value=0, max_value=1000, allow_nan=False).filter(lambda x: x == 0 or x > 1e-9)


@given(spends=st.lists(floats, min_size=1, max_size=8))
@how(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(5), deadline=None)
def test_no_digit_of_the_spend_is_lost(spends: list[float], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("spends")
    file = written(folder, [a_log(f"r-{n}", spend=spend) for n, spend in enumerate(spends)])
    with opened(KIND, folder, file) as delivery:
        assert delivery.total("gateway_spend") == sum(Decimal(repr(spend)) for spend in spends)


def test_json_csv_and_parquet_of_the_same_logs_say_the_same(tmp_path: Path) -> None:
    rows = [a_log(f"r-{n}", spend=0.1 + n / 3) for n in range(3)]
    flat = [
        {**row, "metadata": json.dumps(row["metadata"]), "request_tags": json.dumps(row["request_tags"])}
        for row in rows
    ]
    columns = {name: [row[name] for row in flat] for name in flat[0]}
    pq.write_table(pa.table(columns), tmp_path / "logs.parquet")
    lines = [",".join(columns)]
    for row in flat:
        lines.append(",".join('"' + str(cell).replace('"', '""') + '"' for cell in row.values()))
    (tmp_path / "logs.csv").write_text("\n".join(lines) + "\n")
    files = [written(tmp_path, rows), written(tmp_path, rows, "logs.json"), written(tmp_path, rows, "logs.jsonl.gz")]
    found = []
    for number, file in enumerate([*files, tmp_path / "logs.csv", tmp_path / "logs.parquet"]):
        folder = tmp_path / str(number)
        folder.mkdir()
        with opened(KIND, folder, file) as delivery:
            found.append(delivery.drivers)
    assert all(each == found[0] for each in found)
    assert len(found[0]) == 3


def a_day(**told: Any) -> Row:
    """A row of LiteLLM_DailyUserSpend."""
    return {
        "id": "1",
        "user_id": "ada",
        "date": "2026-06-02",
        "api_key": "88dc28",
        "model": "gpt-5",
        "model_group": "gpt",
        "custom_llm_provider": "openai",
        "prompt_tokens": 1000,
        "completion_tokens": 200,
        "cache_read_input_tokens": 600,
        "cache_creation_input_tokens": 0,
        "spend": 1.25,
        "api_requests": 5,
        "successful_requests": 4,
        "failed_requests": 1,
        **told,
    }


def test_a_daily_table_becomes_the_same_quantities(tmp_path: Path) -> None:
    with opened(KIND, tmp_path, written(tmp_path, [a_day()], "daily.json")) as delivery:
        assert tokens(delivery) == {"input": 400, "cached_input": 600, "output": 200}
        assert [delivery.total("requests", status=status, user="ada") for status in ("ok", "failed")] == [4, 1]
        assert delivery.drivers[("2026-06-02", "gateway_spend", "OpenAI")].popitem()[1] == Decimal("1.25")


def test_two_tables_of_the_same_requests_are_refused(tmp_path: Path) -> None:
    by_user = written(tmp_path, [a_day()], "user.json")
    team = {name: cell for name, cell in a_day(team_id="t-1").items() if name != "user_id"}
    by_team = written(tmp_path, [team], "team.json")
    with (
        pytest.raises(BadInput, match=r"team\.json holds daily spend by team_id, user\.json daily spend by user_id"),
        opened(KIND, tmp_path, by_user, by_team),
    ):
        pass


def test_sums_over_tags_are_marked_as_overlapping(tmp_path: Path) -> None:
    row = {name: cell for name, cell in a_day(tag="prod").items() if name != "user_id"}
    with opened(KIND, tmp_path, written(tmp_path, [row], "tags.json")) as delivery:
        assert [note.rule for note in delivery.delivery.notes] == ["overlap"]


def metrics(spend: float, requests: int, prompt: int = 0) -> Row:
    return {
        "spend": spend,
        "prompt_tokens": prompt,
        "completion_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation_input_tokens": 0,
        "successful_requests": requests,
        "failed_requests": 0,
        "api_requests": requests,
    }


def test_an_answer_of_daily_activity_is_read_by_model_and_key_and_its_rest_belongs_to_none(tmp_path: Path) -> None:
    def keys(**spends: float) -> Row:
        return {
            key: {"metrics": metrics(spend, 1), "metadata": {"team_id": f"team-{key}"}} for key, spend in spends.items()
        }

    breakdown = {
        "models": {
            "gpt-5": {"metrics": metrics(3.0, 2), "api_key_breakdown": keys(k1=1.0, k2=2.0)},
            "sonnet": {"metrics": metrics(4.0, 1), "api_key_breakdown": keys(k2=4.0)},
        },
        "providers": {
            "openai": {"metrics": metrics(3.0, 2), "api_key_breakdown": keys(k1=1.0, k2=2.0)},
            "anthropic": {"metrics": metrics(4.0, 1), "api_key_breakdown": keys(k2=4.0)},
        },
    }
    day = {"date": "2026-06-02", "metrics": metrics(7.5, 4, prompt=9), "breakdown": breakdown}
    (tmp_path / "daily.json").write_text(json.dumps({"results": [day], "metadata": {"has_more": False}}))
    with opened(KIND, tmp_path, tmp_path / "daily.json") as delivery:
        assert delivery.total("gateway_spend") == Decimal("7.5")
        assert delivery.total("gateway_spend", api_key="k1", team="team-k1", provider="openai") == 1
        assert delivery.total("gateway_spend", model="gpt-5") == 3
        # k2 has used two providers: which of them served a model is not said, so it is not guessed.
        assert {provider for _, _, provider in delivery.drivers} == {"OpenAI", None}
        assert delivery.drivers[("2026-06-02", "tokens", None)] == {'{"token_class":"input"}': 9}


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.json", "[1, 2]", "a.json holds no rows of LiteLLM's"),
        ("a.json", '{"data": [', "a.json: not readable as JSON"),
        (
            "a.jsonl",
            '{"request_id": "r", "startTime": "2026-06-01", "spend": 1}\n{"req',
            r"a.jsonl, row 2: not readable",
        ),
        ("a.csv", "x,y\n1,2\n", "a.csv is no table of LiteLLM's"),
        ("a.json", '{"results": [{"date": "2026-06-01"}]}', "a.json is not as LiteLLM writes it"),
    ],
)
def test_a_file_that_is_none_of_litellms_is_refused_by_name(name: str, text: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=problem), opened(KIND, tmp_path, tmp_path / name):
        pass


def test_fewer_dimensions_make_fewer_rows_of_the_same_sum(tmp_path: Path) -> None:
    rows = [a_log(f"r-{n}", user=f"user-{n}") for n in range(5)]
    with opened(KIND, tmp_path, written(tmp_path, rows), dimensions=("team", "model")) as delivery:
        (spend,) = delivery.drivers[("2026-06-02", "gateway_spend", "Anthropic")].items()
    assert spend == ('{"model":"claude-sonnet-4-5","team":"t-1"}', Decimal("0.0225"))


def test_the_pipeline_keeps_quantities_and_books_no_charge(trueup: Trueup, tmp_path: Path) -> None:
    outcome = trueup.ingest(written(tmp_path, [a_log()]), source="gateway", file_format="litellm")
    assert [f"{load.period:%Y-%m}" for load in outcome.loads] == ["2026-06"]
    assert trueup.costs() == {}
    query = "SELECT sum(quantity) FROM driver WHERE name = 'gateway_spend' AND dimensions->>'team' = 't-1'"
    assert trueup.scalar(query) == Decimal("0.0045")
    assert trueup.ingest(tmp_path / "logs.jsonl", source="gateway").unchanged
