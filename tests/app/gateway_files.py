"""Small files of a gateway (LiteLLM's spend logs) and of a vendor (OpenAI's costs and usage) about the same calls."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tests.trueup import Trueup

MODEL = "gpt-4o-2024-08-06"
Tokens = Mapping[str, int]  # of the classes input, cached_input and output


def a_log(request_id: str, day: str, spend: str, tokens: Tokens | None = None, **told: Any) -> dict[str, Any]:
    """A request as LiteLLM logs it; its prompt counts cached tokens too."""
    told_tokens = tokens or {}
    cached = told_tokens.get("cached_input", 0)
    usage = {"prompt_tokens_details": {"cached_tokens": cached}}
    return {
        "request_id": request_id,
        "startTime": f"{day}T10:00:00Z",
        "spend": spend,
        "prompt_tokens": told_tokens.get("input", 0) + cached,
        "completion_tokens": told_tokens.get("output", 0),
        "model": f"openai/{MODEL}",
        "custom_llm_provider": "openai",
        "api_key": "sk-1",
        "team_id": None,
        "status": "success",
        "metadata": {"usage_object": usage},
        **told,
    }


def logs(path: Path, *rows: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return path


def bucket(day: str, *results: Mapping[str, Any]) -> dict[str, Any]:
    start = int(datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).timestamp())
    return {"object": "bucket", "start_time": start, "end_time": start + 86400, "results": list(results)}


def cost(value: str, line_item: str | None, **more: Any) -> dict[str, Any]:
    """A cost of OpenAI's, such as of `gpt-4o, input`."""
    amount = {"value": value, "currency": "usd"}
    said = {"line_item": line_item, "project_id": "proj_gateway", **more}
    return {"object": "organization.costs.result", "amount": amount, **said}


def usage(tokens: Tokens, model: str = MODEL, **more: Any) -> dict[str, Any]:
    """The usage of a model; OpenAI's input counts cached tokens too."""
    cached = tokens.get("cached_input", 0)
    return {
        "object": "organization.usage.completions.result",
        "model": model,
        "input_tokens": tokens.get("input", 0) + cached,
        "input_cached_tokens": cached,
        "output_tokens": tokens.get("output", 0),
        "num_model_requests": 1,
        "project_id": "proj_gateway",
        **more,
    }


def saved(path: Path, *buckets: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(buckets))
    return path


def bring_logs(trueup: Trueup, path: Path, *rows: Mapping[str, Any], source: str = "gateway") -> None:
    trueup.ingest(logs(path, *rows), source=source, file_format="litellm")


def bring_openai(trueup: Trueup, path: Path, *buckets: Mapping[str, Any], source: str = "openai") -> None:
    trueup.ingest(saved(path, *buckets), source=source, file_format="openai")
