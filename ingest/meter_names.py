"""What the names of the clouds' token meters say: the model, the class of tokens, and how they were served.

Each reader takes the name of a meter and the name of its service, and answers None for what counts something else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class MeterName:
    """What the name of a meter says."""

    model: str
    token_class: str
    batch: bool = False
    service_tier: str | None = None
    # How many tokens a unit is that says nothing of tokens itself.
    plain: Mapping[str, Decimal] = field(default_factory=dict)


def _class(direction: str, *, cached: bool, write: str | None, modality: str | None) -> str | None:
    """The class of tokens, or None where the words contradict each other."""
    if direction == "output":
        name = None if cached or write else "output"
    elif write is not None:
        name = f"cache_write_{write}" if write else "cache_write"
    else:
        name = "cached_input" if cached else "input"
    return name if not name or modality in {None, "text"} else f"{name}_{modality}"


# Bedrock's own usage types: region, model, class, then how it was served.
_BEDROCK = re.compile(
    r"(?:[A-Z]{2,4}[0-9]?-)?(?P<model>.+?)(?:-mantle)?(?:-(?P<modality>text|speech|audio|image|video))?-"
    r"(?:(?P<cache>cache-(?P<how>read|write)(?:-(?P<life>5m|1h))?)-)?(?P<direction>input|output)-token(?:s|-count)"
    r"(?P<served>(?:-(?:standard|batch|flex|priority|cross-region|global|geo|latency-optimized|custom-model))*)"
)
# What the AWS Marketplace bills names the model in the service only: USE1-MP:USE1_InputTokenCount_Global-Units
_MARKETPLACE = re.compile(r"(?:[A-Z]{2,4}[0-9]?-)?MP:[A-Z]{2,4}[0-9]?_(?P<name>\w+)-Units")
_MARKETPLACE_NAME = re.compile(
    r"(?:million)?(?P<batch>batch)?(?:cache(?P<how>read|write)(?P<life>5m|1h)?)?(?P<direction>input|output|response)"
    r"token(?:s|count)(?P<served>(?:global|geo|regional|standard|batch|flex|priority|5m|1h|lctx|longcontext)*)"
)
_EDITION = re.compile(r"\s*\(Amazon Bedrock Edition\)$", re.IGNORECASE)
_MODALITIES = {"speech": "audio", "aud": "audio", "img": "image", "txt": "text"}


def bedrock(name: str, service: str) -> MeterName | None:
    marketplace = _MARKETPLACE.fullmatch(name)
    if marketplace:
        found = _MARKETPLACE_NAME.fullmatch(marketplace["name"].replace("_", "").lower())
        if not found:
            return None
        model, modality, plain = _EDITION.sub("", service), None, {"unit": MILLION}
        batch = bool(found["batch"])
    else:
        found = _BEDROCK.fullmatch(name)
        if not found:
            return None
        model, modality, plain, batch = found["model"], found["modality"], {}, False
    served = found["served"] or ""
    life = found["life"] or next((each for each in ("5m", "1h") if each in served), "")
    direction = "input" if found["direction"] == "input" else "output"
    token_class = _class(
        direction,
        cached=found["how"] == "read",
        write=life if found["how"] == "write" else None,
        modality=_MODALITIES.get(modality or "", modality),
    )
    if not token_class or not model:
        return None
    return MeterName(model, token_class, batch or "batch" in served, _tier(served), plain)


def _tier(text: str) -> str | None:
    return next((tier for tier in ("flex", "priority") if tier in text), None)


@dataclass(frozen=True)
class _Vocabulary:
    """The words of a vendor's meter names. What is none of them belongs to the model."""

    directions: Mapping[str, str]
    cached: frozenset[str]
    writes: frozenset[str]
    tiers: Mapping[str, str]
    modalities: frozenset[str]
    silent: frozenset[str]  # words that say nothing of model or class
    other: frozenset[str]  # a name with one of these counts something else


def _words_read(words: Sequence[str], vocabulary: _Vocabulary) -> tuple[list[str], str, bool, str | None] | None:
    """The words of the model, the class, whether batch, and the tier. None when it counts something else."""
    lowered = [word.lower() for word in words]
    if vocabulary.other & set(lowered):
        return None
    directions = {vocabulary.directions[word] for word in lowered if word in vocabulary.directions}
    if len(directions) > 1:
        return None
    # "Gemini 2.5 Flash Image Text Input": of two modalities the last is the meter's, the other the model's.
    at = next((i for i in reversed(range(len(lowered))) if lowered[i] in vocabulary.modalities), None)
    at = None if _embeds(lowered) else at  # "text-embedding-3-large": a name, and no modality
    known = {"batch", *vocabulary.directions, *vocabulary.cached, *vocabulary.writes, *vocabulary.tiers}
    cached = bool(vocabulary.cached & set(lowered))
    write = bool(vocabulary.writes & set(lowered))
    life = next((word for word in ("5m", "1h") if write and word in lowered), "")
    model = [
        word
        for i, word in enumerate(words)
        if i != at and lowered[i] not in known | vocabulary.silent and not (life and lowered[i] == life)
    ]
    direction = next(iter(directions), "input" if cached or write or _embeds(lowered) else None)
    if not model or direction is None:
        return None
    modality = None if at is None else _MODALITIES.get(lowered[at], lowered[at])
    token_class = _class(direction, cached=cached, write=life if write else None, modality=modality)
    tier = next((vocabulary.tiers[word] for word in lowered if word in vocabulary.tiers), None)
    return (model, token_class, "batch" in lowered, tier) if token_class else None


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _embeds(words: Sequence[str]) -> bool:
    """Embeddings have input only, and their meters do not say so."""
    return any(word.startswith("embedding") for word in words)


_VERTEX_WORDS = _Vocabulary(
    directions={"input": "input", "output": "output"},
    cached=frozenset({"caching", "cached", "cache", "read", "hit", "hits"}),
    writes=frozenset({"write", "writes", "creation"}),
    tiers={"flex": "flex", "priority": "priority"},
    modalities=frozenset({"text", "audio", "image", "video"}),
    silent=_set(
        "- predictions prediction ga global regional long short thinking on off generate content generate_content"
        " token tokens count for online"
    ),
    other=_set(
        "storage tuning training grounding search throughput hour hours character characters embedding embeddings"
        " request requests provisioned session"
    ),
)
_VERTEX_MODEL = re.compile(
    r"gemini|claude|llama|mistral|codestral|deepseek|qwen|gpt|gemma|grok|kimi|glm|minimax", re.IGNORECASE
)
_COUNTED_IN_CHARACTERS = re.compile(
    r"gemini 1\b", re.IGNORECASE
)  # Gemini 1.0 and 1.5 on Vertex AI; a "count" was a character


def vertex(name: str, _service: str) -> MeterName | None:
    words = [word for word in re.split(r"[\s()]+", name) if word]
    read = _words_read(words, _VERTEX_WORDS)
    if read is None:
        return None
    parts, token_class, batch, tier = read
    model = " ".join(parts)
    if not _VERTEX_MODEL.search(model) or _COUNTED_IN_CHARACTERS.search(model):
        return None
    return MeterName(model, token_class, batch, tier, {"count": Decimal(1), "request": Decimal(1)})


_AZURE_WORDS = _Vocabulary(
    directions={
        **dict.fromkeys(("inp", "input", "in", "inpt"), "input"),
        **dict.fromkeys(("outp", "output", "opt", "out", "outpt"), "output"),
    },
    cached=frozenset({"cached", "cchd", "ccchd", "cd", "cache", "ch"}),
    writes=frozenset({"wr", "write"}),
    tiers={"pp": "priority", "priority": "priority", "flex": "flex", "fl": "flex"},
    modalities=frozenset({"text", "txt", "audio", "aud", "image", "img"}),
    silent=_set(
        "tokens token 1k 1m std new shortco shco longco loco glbl gl glb global datazone dzone dz dzn"
        " regnl rgnl regional regn"
    ),
    other=_set(
        "ft finetuned training trng hosting hstng grader rft dev provisioned ptu characters images session"
        " sessions calls unit hour hours second gb megapixel"
    ),
)


def azure(name: str, service: str) -> MeterName | None:
    if not re.search(r"openai|foundry|cognitive", service, re.IGNORECASE):
        return None
    apart = re.sub(r"(?i)batch(?=inp|outp)", "batch ", re.sub(r"(?i)data zone", "datazone", name))
    read = _words_read([word for word in re.split(r"[\s-]+", apart) if word], _AZURE_WORDS)
    if read is None:
        return None
    parts, token_class, batch, tier = read
    # In FOCUS exports ConsumedUnit is "Units": single tokens, because blocks are taken out of ConsumedQuantity.
    return MeterName("-".join(parts), token_class, batch, tier, {"unit": Decimal(1)})
