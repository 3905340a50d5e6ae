"""What the name of an Azure OpenAI meter says: which model, and which class of tokens.

`gpt 4.1 mini cached Inp glbl Tokens` counts cached input tokens of gpt-4.1-mini; `gpt-4o-0806-Batch-Outp-regnl Tokens`
output tokens of gpt-4o in batches. There is no documented grammar, so words it does not know are left out, never
guessed at. Source: meter names of the Azure Retail Prices API, service "Azure OpenAI" (later "Foundry Models").
"""

import re
from dataclasses import dataclass

_INPUT = {"inp", "inpt", "input", "in", "prompt"}
_OUTPUT = {"outp", "outpt", "output", "out", "opt", "completion"}
_CACHED = {"cached", "cchd", "cache", "cd"}
_WRITTEN = {"write", "writes", "wr"}
_BATCH = {"batch", "btch"}
_PRIORITY = {"pp", "priority"}
_TRAINING = {"training", "trng"}
# Where it ran, and how much of it one price is for.
_ELSE = {"glbl", "global", "gl", "regnl", "regional", "regn", "rgnl", "dzone", "dzn", "dz", "data", "zone", "datazone",
         "std", "token", "tokens", "1k", "1m", "az", "azure"}  # fmt: skip
_KNOWN = _INPUT | _OUTPUT | _CACHED | _WRITTEN | _BATCH | _PRIORITY | _TRAINING | _ELSE
_VERSION = re.compile(r"\d{4}")  # month and day of the model's release: 0806


@dataclass(frozen=True)
class TokenMeter:
    """What a meter counts."""

    model: str
    token_class: str  # input, cached_input, cache_write, output or training
    batch: bool
    priority: bool


def token_meter(name: str) -> TokenMeter | None:
    """What the meter called `name` counts; None when it counts no tokens, or it cannot be told which."""
    words = [word for word in re.split(r"[\s_-]+", name.strip().casefold()) if word]
    said = set(words)
    if not said & {"token", "tokens"}:
        return None
    first = next((number for number, word in enumerate(words) if word in _KNOWN), len(words))
    # `Az-GPT4o-…`: the vendor before the model is no part of it.
    start = next((number for number, word in enumerate(words) if word not in {"az", "azure"}), 0)
    if first < start or words[0] in {"az", "azure"}:
        first = next((n for n, word in enumerate(words[start:], start) if word in _KNOWN), len(words))
    model = "-".join(word for word in words[start:first] if not _VERSION.fullmatch(word))
    found = _token_class(said)
    if not model or not found:
        return None
    return TokenMeter(model, found, batch=bool(said & _BATCH), priority=bool(said & _PRIORITY))


def _token_class(said: set[str]) -> str | None:
    if said & _TRAINING:
        return "training"
    if said & _OUTPUT:
        return "output"
    if said & _CACHED:
        return "cache_write" if said & _WRITTEN else "cached_input"
    # An embedding has no output, and its meter does not say that it counts input.
    return "input" if said & _INPUT or said & {"embedding", "embeddings", "ada"} else None
