import pytest

from ingest.azure.token_meters import TokenMeter, token_meter


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpt 4o 1120 Inp glbl Tokens", ("gpt-4o", "input", False)),
        ("gpt 4o 1120 cached Inp glbl Tokens", ("gpt-4o", "cached_input", False)),
        ("gpt 4.1 mini Outp glbl Tokens", ("gpt-4.1-mini", "output", False)),
        ("gpt 4.1 mini Batch Outp glbl Tokens", ("gpt-4.1-mini", "output", True)),
        ("gpt-4o-mini-0718-Inp-glbl Tokens", ("gpt-4o-mini", "input", False)),
        ("gpt 4o 0513 Output global Tokens", ("gpt-4o", "output", False)),
        ("GPT 5 Mini cchd Inpt Glbl 1M Tokens", ("gpt-5-mini", "cached_input", False)),
        ("Az-GPT4o-128K-Input-glbl Tokens", ("gpt4o-128k", "input", False)),
        ("text-embedding-3-large-glbl Tokens", ("text-embedding-3-large", "input", False)),
        ("o3 mini 0131 Batch Outp Data Zone Tokens", ("o3-mini", "output", True)),
    ],
)
def test_a_meter_says_which_tokens_of_which_model_it_counts(name: str, expected: tuple[str, str, bool]) -> None:
    found = token_meter(name)
    assert found
    assert (found.model, found.token_class, found.batch) == expected


def test_priority_processing_is_told_apart() -> None:
    assert token_meter("gpt 5 Inp PP Glbl Tokens") == TokenMeter("gpt-5", "input", batch=False, priority=True)


@pytest.mark.parametrize(
    "name", ["D2 v2/DS2 v2", "Standard S1 Speech Hours", "Tokens", "gpt 4o ft hosting Unit", "mystery Tokens"]
)
def test_a_meter_that_says_something_else_counts_no_tokens(name: str) -> None:
    assert token_meter(name) is None
