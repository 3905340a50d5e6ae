"""Names of models and classes of tokens, as gateways and vendors' bills spell them, brought together."""

import re
from collections.abc import Iterable

INPUT, CACHED_INPUT, CACHE_WRITE, OUTPUT = "input", "cached_input", "cache_write", "output"
# Classes of which a vendor may bill one where the gateway counts another.
FAMILIES = {INPUT: INPUT, CACHED_INPUT: INPUT, CACHE_WRITE: INPUT, OUTPUT: OUTPUT}

_WORD = re.compile(r"[a-z0-9]+")
_DATED = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8})$")
_WRITES = frozenset({"write", "writes", "creation", "ephemeral"})
_READS = frozenset({"cached", "read", "reads", "hit"})
# "gpt-4o, cached input" (OpenAI) and "claude-sonnet-4-5 cache_read_input_tokens" (Anthropic).
_METERS = (re.compile(r"(?P<model>[^,|]+), (?P<of>[^,|]+)"), re.compile(r"(?P<model>\S+) (?P<of>\S+)"))


def token_class(text: str) -> str | None:
    """The class of tokens that `text` means (`cached input`, `cache_creation.ephemeral_5m_input_tokens`, …).

    Modalities and lives of caches are not told apart, because gateways do not. None for what is no class of tokens.
    """
    words = set(_WORD.findall(text.casefold()))
    if OUTPUT in words:
        return OUTPUT
    if not words & {"input", "cache", "cached"}:
        return None
    if words & _WRITES:
        return CACHE_WRITE
    return CACHED_INPUT if words & _READS else INPUT


def metered(sku_meter: str | None, model: str | None) -> tuple[str | None, str | None]:
    """The model and the words for what a charge meters, from its meter and, where the bill has it, its model.

    Without a model in the bill, the meter must name a class of tokens: other meters have commas and blanks too.
    """
    meter = (sku_meter or "").strip()
    if model:
        said = meter.removeprefix(model).strip(" ,")
        return model, said or None
    for pattern in _METERS:
        found = pattern.fullmatch(meter)
        if found and token_class(found["of"]):
            return found["model"], found["of"]
    return None, None


def plain_model(name: str) -> str:
    """`name` in small letters, without a provider in front of it: `openai/gpt-4o-latest` is `gpt-4o`."""
    return name.rpartition("/")[2].strip().casefold().removesuffix("-latest")


def matched_models(logged: Iterable[str], billed: Iterable[str]) -> dict[str, str]:
    """The billed name of each logged model that has one.

    Names match that are the same plainly. Else a name without a date stands for the only one with a date
    (`gpt-4o` for `gpt-4o-2024-08-06`), whichever side it is on; two different dates are two models.
    """
    offered = {plain_model(name): name for name in sorted(set(billed), reverse=True)}
    found: dict[str, str] = {}
    for name in sorted(set(logged)):
        plain = plain_model(name)
        undated = _undated(plain)
        alike = [other for other in offered if _undated(other) == undated and undated in {plain, other}]
        if plain in offered:
            found[name] = offered[plain]
        elif len(alike) == 1:
            found[name] = offered[alike[0]]
    return found


def _undated(plain: str) -> str:
    return _DATED.sub("", plain)
