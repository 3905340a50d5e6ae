"""Names of models and classes of tokens, as gateways and bills spell them."""

import pytest

from app.domain.model_names import matched_models, metered, token_class


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input", "input"),
        ("cached input", "cached_input"),
        ("cached input tokens", "cached_input"),
        ("uncached_input_tokens", "input"),
        ("cache_read_input_tokens", "cached_input"),
        ("cache_creation.ephemeral_5m_input_tokens", "cache_write"),
        ("cache_write_1h", "cache_write"),
        ("cache write tokens", "cache_write"),
        ("input_audio", "input"),
        ("cached_input_audio", "cached_input"),
        ("output_tokens", "output"),
        ("web_search", None),
        ("images", None),
        ("", None),
    ],
)
def test_classes_of_tokens(text: str, expected: str | None) -> None:
    assert token_class(text) == expected


@pytest.mark.parametrize(
    ("meter", "model", "expected"),
    [
        ("gpt-4o-2024-08-06, cached input", None, ("gpt-4o-2024-08-06", "cached input")),
        ("gpt-4o-2024-08-06, cached input", "gpt-4o-2024-08-06", ("gpt-4o-2024-08-06", "cached input")),
        (
            "claude-sonnet-4-5 uncached_input_tokens",
            "claude-sonnet-4-5",
            ("claude-sonnet-4-5", "uncached_input_tokens"),
        ),
        ("claude-sonnet-4-5 output_tokens", None, ("claude-sonnet-4-5", "output_tokens")),
        ("gpt-image-1, images", "gpt-image-1", ("gpt-image-1", "images")),
        (None, "gpt-5", ("gpt-5", None)),
        ("assistants api | file search", None, (None, None)),
        ("First 10 TB, per month", None, (None, None)),
        ("USE1-Claude4.5Sonnet-input-token-count", None, (None, None)),  # a cloud's, which ingest reads
        ("gpt-4o-0806-Inp-glbl Tokens", None, (None, None)),
        (None, None, (None, None)),
    ],
)
def test_what_a_charge_meters(meter: str | None, model: str | None, expected: tuple[str | None, str | None]) -> None:
    assert metered(meter, model) == expected


@pytest.mark.parametrize(
    ("logged", "billed", "expected"),
    [
        ("openai/gpt-4o-2024-08-06", ["gpt-4o-2024-08-06", "gpt-4o"], "gpt-4o-2024-08-06"),
        ("gpt-4o", ["gpt-4o-2024-08-06"], "gpt-4o-2024-08-06"),
        ("gpt-4o-latest", ["gpt-4o-2024-08-06"], "gpt-4o-2024-08-06"),
        ("anthropic/Claude-Sonnet-4-5", ["claude-sonnet-4-5-20250929"], "claude-sonnet-4-5-20250929"),
        ("claude-sonnet-4-5-20250929", ["claude-sonnet-4-5"], "claude-sonnet-4-5"),
        ("gpt-4o", ["gpt-4o-2024-08-06", "gpt-4o-2024-11-20"], None),  # either
        ("gpt-4o-2024-05-13", ["gpt-4o-2024-08-06"], None),  # two models
        ("gpt-4o", ["gpt-4o-mini"], None),
    ],
)
def test_a_logged_model_has_the_name_that_is_billed(logged: str, billed: list[str], expected: str | None) -> None:
    assert matched_models([logged], billed).get(logged) == expected


def test_many_names_may_stand_for_one_billed_model() -> None:
    assert matched_models(["gpt-4o", "openai/gpt-4o", "gpt-4o-2024-08-06"], ["gpt-4o-2024-08-06"]) == {
        "gpt-4o": "gpt-4o-2024-08-06",
        "openai/gpt-4o": "gpt-4o-2024-08-06",
        "gpt-4o-2024-08-06": "gpt-4o-2024-08-06",
    }
