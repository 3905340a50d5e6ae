"""Token meters on cloud bills: which model and which class of tokens a line of Bedrock, Vertex AI or Azure OpenAI is.

The clouds write both into the name of the meter, each in its own way. A name or a unit that is not understood is no
token meter: a quantity we lack is better than one that is wrong. Models are named as the bill names them.

Sources: Amazon Bedrock User Guide, "Understanding your Amazon Bedrock Cost and Usage Report data", and the AWS Price
List (AmazonBedrock; AmazonBedrockFoundationModels, whose "Units" are millions of tokens); Cloud Billing Catalog,
service C7E2-9256-1C43 (Vertex AI), where a token is a "count" or "request"; Azure Retail Prices API, meterName of Azure
OpenAI and Foundry Models.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ingest.meter_names import MeterName, azure, bedrock, vertex

THOUSAND, MILLION = Decimal(1_000), Decimal(1_000_000)


@dataclass(frozen=True)
class TokenMeter:
    """What a charge's meter counts. Tokens = the charge's `quantity` × `tokens_per_unit`."""

    model: str  # as the bill names it: "Claude4.5Sonnet", "Gemini 2.5 Pro", "gpt-4o-0806"
    token_class: str  # input, cached_input, cache_write, cache_write_5m, cache_write_1h, output; input_audio, …
    tokens_per_unit: Decimal
    quantity: str  # the column that the unit belongs to: consumed_quantity or pricing_quantity
    batch: bool = False
    service_tier: str | None = None  # flex or priority, where the meter says so


def token_meter(
    *,
    service_provider_name: str | None,
    service_name: str | None,
    sku_meter: str | None,
    sku_id: str | None = None,
    consumed_unit: str | None = None,
    pricing_unit: str | None = None,
) -> TokenMeter | None:
    """The token meter of a charge with these columns of its charge key; None when it is none.

    The name of the meter is looked for in `sku_meter`, then in `sku_id`, because not every export has the former.
    """
    read = _reader(service_provider_name or "")
    for name in (sku_meter, sku_id):
        found = read(name.strip(), (service_name or "").strip()) if read and name else None
        if found:
            column, tokens = next(_units(found.plain, consumed_unit, pricing_unit), (None, None))
            if column is None or tokens is None:
                return None
            return TokenMeter(found.model, found.token_class, tokens, column, found.batch, found.service_tier)
    return None


def _reader(provider: str) -> Callable[[str, str], MeterName | None] | None:
    folded = provider.casefold()
    if "amazon" in folded or "aws" in folded:
        return bedrock
    if "google" in folded:
        return vertex
    if "microsoft" in folded or "azure" in folded:
        return azure
    return None


# "Tokens", "1K tokens", "1M", "1,000,000 tokens", "Units", "count": a number, a scale, and a word.
_UNIT = re.compile(r"(?P<number>[0-9][0-9,]*)?\s*(?P<scale>[KM])?\s*(?P<word>[a-z]+?)?s?", re.IGNORECASE)
_SCALES = {"": Decimal(1), "k": THOUSAND, "m": MILLION}


def _units(plain: Mapping[str, Decimal], consumed: str | None, pricing: str | None) -> Iterator[tuple[str, Decimal]]:
    """How many tokens a unit is, and of which quantity; what was consumed is asked before what was priced."""
    for column, unit in (("consumed_quantity", consumed), ("pricing_quantity", pricing)):
        found = _UNIT.fullmatch((unit or "").strip())
        if not unit or not found:
            continue
        word = (found["word"] or "").lower()
        tokens = Decimal(1) if word in {"", "token"} else plain.get(word)
        if tokens is not None:
            number = Decimal((found["number"] or "1").replace(",", ""))
            yield column, number * _SCALES[(found["scale"] or "").lower()] * tokens
