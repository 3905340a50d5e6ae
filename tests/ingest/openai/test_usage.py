"""Tokens by class: they never overlap, and always add up to what OpenAI counts."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ingest.openai.usage import token_classes

counts = st.integers(min_value=0, max_value=10**15).map(Decimal)
FIELDS = (
    "input_tokens",
    "output_tokens",
    "input_cached_tokens",
    "input_cached_audio_tokens",
    "input_cached_image_tokens",
    "input_cache_write_tokens",
    "input_cache_write_30m_tokens",
    "input_cache_write_12h_tokens",
    "input_audio_tokens",
    "input_image_tokens",
    "output_audio_tokens",
    "output_image_tokens",
)


@given(said=st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, counts)))
def test_the_classes_add_up_to_input_and_output_and_none_is_negative(said: dict[str, Decimal]) -> None:
    found = token_classes(said)
    assert sum(found.values()) == said.get("input_tokens", 0) + said.get("output_tokens", 0)
    assert all(tokens >= 0 for tokens in found.values())


def test_parts_of_a_part_are_told_apart() -> None:
    said = {
        "input_tokens": 1000,
        "input_cached_tokens": 300,
        "input_cached_audio_tokens": 100,
        "input_cache_write_tokens": 60,
        "input_cache_write_12h_tokens": 20,
        "input_image_tokens": 40,
    }
    found = token_classes({name: Decimal(value) for name, value in said.items()})
    assert {name: tokens for name, tokens in found.items() if tokens} == {
        "input": 600,
        "input_image": 40,
        "cached_input": 200,
        "cached_input_audio": 100,
        "cache_write": 40,
        "cache_write_12h": 20,
    }


def test_cached_audio_that_older_answers_count_in_audio_too_is_counted_once() -> None:
    said = {
        "input_tokens": Decimal(100),
        "input_cached_tokens": Decimal(80),
        "input_cached_audio_tokens": Decimal(70),
        "input_audio_tokens": Decimal(90),
    }
    assert {name: tokens for name, tokens in token_classes(said).items() if tokens} == {
        "input": 20,
        "cached_input": 10,
        "cached_input_audio": 70,
    }
