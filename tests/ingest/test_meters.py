"""Token meters of cloud bills: names as the clouds' price lists have them."""

from decimal import Decimal

import pytest

from ingest.meters import TokenMeter, token_meter

K, M = Decimal(1_000), Decimal(1_000_000)
CONSUMED, PRICED = "consumed_quantity", "pricing_quantity"


@pytest.mark.parametrize(
    ("usage_type", "expected"),
    [
        ("USE1-Claude4.5Sonnet-input-tokens", ("Claude4.5Sonnet", "input", False, None)),
        ("USE1-Claude4.5Sonnet-output-tokens", ("Claude4.5Sonnet", "output", False, None)),
        ("USE1-Claude4.6Sonnet-cache-read-input-token-count", ("Claude4.6Sonnet", "cached_input", False, None)),
        ("USE1-NovaPro-cache-write-input-token-count", ("NovaPro", "cache_write", False, None)),
        ("USE1-Claude4.5Sonnet-output-tokens-batch", ("Claude4.5Sonnet", "output", True, None)),
        (
            "USE1-Claude4Sonnet-cache-read-input-token-count-cross-region-global",
            ("Claude4Sonnet", "cached_input", False, None),
        ),
        (
            "USE1-Nova2.0Lite-input-tokens-cross-region-global-batch",
            ("Nova2.0Lite", "input", True, None),
        ),
        (
            "USE1-Nova2.0Pro-text-input-tokens-priority-cross-region-global",
            ("Nova2.0Pro", "input", False, "priority"),
        ),
        ("USE1-Nova2.0Lite-input-tokens-flex", ("Nova2.0Lite", "input", False, "flex")),
        ("EU-Llama3-2-1B-output-tokens", ("Llama3-2-1B", "output", False, None)),
        (
            "APS2-openai.gpt-oss-20b-mantle-input-tokens-standard",
            ("openai.gpt-oss-20b", "input", False, None),
        ),
        ("USE1-NovaSonic-speech-output-tokens", ("NovaSonic", "output_audio", False, None)),
    ],
)
def test_bedrock_usage_types_say_model_class_and_batch(
    usage_type: str, expected: tuple[str, str, bool, str | None]
) -> None:
    found = token_meter(
        service_provider_name="AWS",
        service_name="Amazon Bedrock",
        sku_meter=usage_type,
        consumed_unit="1K tokens",
        pricing_unit="1K tokens",
    )
    model, token_class, batch, tier = expected
    assert found == TokenMeter(model, token_class, K, CONSUMED, batch, tier)


@pytest.mark.parametrize(
    ("usage_type", "token_class", "batch"),
    [
        ("USE1-MP:USE1_InputTokenCount-Units", "input", False),
        ("USW2-MP:USW2_OutputTokenCount_Global-Units", "output", False),
        ("USE1-MP:USE1_CacheReadInputTokenCount_Global-Units", "cached_input", False),
        ("USE1-MP:USE1_CacheWrite1hInputTokenCount_Global-Units", "cache_write_1h", False),
        ("USE1-MP:USE1_CacheWriteInputTokenCount-Units", "cache_write", False),
        ("USE1-MP:USE1_MillionBatchInputTokens-Units", "input", True),
        ("USW2-MP:USW2_input_tokens_global_standard-Units", "input", False),
        ("USW2-MP:USW2_output_tokens_standard-Units", "output", False),
    ],
)
def test_models_sold_by_the_aws_marketplace_are_named_by_the_service_and_counted_in_millions(
    usage_type: str, token_class: str, batch: bool
) -> None:
    found = token_meter(
        service_provider_name="Amazon Web Services",
        service_name="Claude Haiku 4.5 (Amazon Bedrock Edition)",
        sku_meter=usage_type,
        consumed_unit="Units",
    )
    assert found == TokenMeter("Claude Haiku 4.5", token_class, M, CONSUMED, batch)


@pytest.mark.parametrize(
    ("sku", "expected"),
    [
        ("Gemini 2.5 Flash GA Text Input - Predictions", ("Gemini 2.5 Flash", "input", False, None)),
        ("Gemini 2.5 Flash GA Thinking Text Output - Predictions", ("Gemini 2.5 Flash", "output", False, None)),
        ("Gemini 2.5 Flash GA Text Output (Thinking On) - Predictions", ("Gemini 2.5 Flash", "output", False, None)),
        (" Gemini 2.5 Flash Lite Input Text Caching", ("Gemini 2.5 Flash Lite", "cached_input", False, None)),
        (" Gemini 2.5 Flash GA Input Text Caching (Long)", ("Gemini 2.5 Flash", "cached_input", False, None)),
        ("Gemini 3 Flash Text Input Caching", ("Gemini 3 Flash", "cached_input", False, None)),
        ("Gemini 3.7 Flash Global Text Input - Predictions", ("Gemini 3.7 Flash", "input", False, None)),
        ("Gemini 2.5 Flash Live Audio Input - Predictions", ("Gemini 2.5 Flash Live", "input_audio", False, None)),
        ("Gemini 2.5 Flash Image Text Input - Predictions", ("Gemini 2.5 Flash Image", "input", False, None)),
        ("Gemini 2.5 Pro Text Input - Batch Predictions", ("Gemini 2.5 Pro", "input", True, None)),
        ("Gemini 3 Flash Text Output Priority - Predictions", ("Gemini 3 Flash", "output", False, "priority")),
        ("Gemini 2.5 Pro Input Text tokens", ("Gemini 2.5 Pro", "input", False, None)),
        (
            "Generate content input token count gemini 2.5 flash short input text",
            ("gemini 2.5 flash", "input", False, None),
        ),
        ("Claude Sonnet 4.5 Output Tokens", ("Claude Sonnet 4.5", "output", False, None)),
        ("Claude Sonnet 4.5 Cache Read Input Tokens", ("Claude Sonnet 4.5", "cached_input", False, None)),
        ("Claude Sonnet 4.5 Cache Write 1h Tokens", ("Claude Sonnet 4.5", "cache_write_1h", False, None)),
    ],
)
def test_vertex_skus_say_model_class_and_batch(sku: str, expected: tuple[str, str, bool, str | None]) -> None:
    found = token_meter(
        service_provider_name="Google Cloud", service_name="Vertex AI", sku_meter=sku, consumed_unit="requests"
    )
    model, token_class, batch, tier = expected
    assert found == TokenMeter(model, token_class, Decimal(1), CONSUMED, batch, tier)


@pytest.mark.parametrize(
    ("meter", "expected"),
    [
        ("gpt-4o-0806-Inp-glbl Tokens", ("gpt-4o-0806", "input", False, None)),
        ("gpt-4o-0806-Inp-glbl 1K Tokens", ("gpt-4o-0806", "input", False, None)),
        ("gpt-4o-0806-Outp-glbl Tokens", ("gpt-4o-0806", "output", False, None)),
        ("gpt 4o 1120 cached Inp glbl Tokens", ("gpt-4o-1120", "cached_input", False, None)),
        ("gpt 4o mini 0718 cached Inp glbl Tokens", ("gpt-4o-mini-0718", "cached_input", False, None)),
        ("gpt-4-8K-Batch-Outp-glbl Tokens", ("gpt-4-8K", "output", True, None)),
        ("gpt-35-turbo4K-Inp-glbl Tokens", ("gpt-35-turbo4K", "input", False, None)),
        ("gpt 4.5 0227 cached Inp Data Zone Tokens", ("gpt-4.5-0227", "cached_input", False, None)),
        ("o1 1217 Inp glbl Tokens", ("o1-1217", "input", False, None)),
        ("R1 Outp glbl Tokens", ("R1", "output", False, None)),
        ("gpt 4o 0513 Input global Tokens", ("gpt-4o-0513", "input", False, None)),
        ("gpt-4o-mini-tts-aud-out-glbl Tokens", ("gpt-4o-mini-tts", "output_audio", False, None)),
        ("gpt-image-1-inp-cached-img-glbl Tokens", ("gpt-image-1", "cached_input_image", False, None)),
        ("text-embedding-3-large-glbl Tokens", ("text-embedding-3-large", "input", False, None)),
    ],
)
def test_azure_meters_say_model_class_and_batch(meter: str, expected: tuple[str, str, bool, str | None]) -> None:
    found = token_meter(
        service_provider_name="Microsoft", service_name="Azure OpenAI", sku_meter=meter, pricing_unit="1K"
    )
    model, token_class, batch, tier = expected
    assert found == TokenMeter(model, token_class, K, PRICED, batch, tier)


@pytest.mark.parametrize(
    ("provider", "service", "meter"),
    [
        ("AWS", "Amazon EC2", "USE1-BoxUsage:p5.48xlarge"),
        ("AWS", "Amazon Bedrock", "USE1-Guardrail-AutomatedReasoningPolicyUnitsConsumed"),
        ("AWS", "Amazon Bedrock", "USE1-cohere.rerank-english-v3-search-units"),
        ("AWS", "Amazon Bedrock", "USE1-NovaCanvas-T2I-1024-Standard"),
        ("AWS", "Amazon Bedrock", "USE1-Claude4.5Sonnet-input-tokens-of-a-kind-unheard-of"),
        ("AWS", "Claude Haiku 4.5 (Amazon Bedrock Edition)", "USE1-MP:USE1_created_image-Units"),
        ("Google Cloud", "Vertex AI", "Gemini 3 Flash Text Input Caching Storage"),
        ("Google Cloud", "Vertex AI", "Gemini 1.5 Pro Text Input - Predictions"),
        ("Google Cloud", "Vertex AI", "LLM Grounding with Google Search tool - Predictions"),
        ("Google Cloud", "Vertex AI", "Nvidia H100 80GB GPU running in Iowa"),
        ("Microsoft", "Azure OpenAI", "gpt-4o-0806-Inp-ft-hosting Hour"),
        ("Microsoft", "Azure OpenAI", "Provisioned Managed Global Unit"),
        ("Microsoft", "Azure OpenAI", "gpt 4o input output Tokens"),
        ("Microsoft", "Virtual Machines", "D2s v3 in use"),
        ("OpenAI", "OpenAI API", "gpt-4o, input"),
        (None, None, None),
    ],
)
def test_what_is_no_token_meter_is_none(provider: str | None, service: str | None, meter: str | None) -> None:
    assert (
        token_meter(service_provider_name=provider, service_name=service, sku_meter=meter, consumed_unit="1K tokens")
        is None
    )


@pytest.mark.parametrize(
    ("consumed", "priced", "expected"),
    [
        ("1K tokens", "1M tokens", (K, CONSUMED)),
        ("1M tokens", None, (M, CONSUMED)),
        (None, "1,000 tokens", (K, PRICED)),
        ("Tokens", None, (Decimal(1), CONSUMED)),
        ("Hours", "1K tokens", (K, PRICED)),
        ("Units", None, None),  # of Bedrock's own meters: not said what a unit is
        (None, None, None),
    ],
)
def test_the_unit_says_how_many_tokens_and_of_which_quantity(
    consumed: str | None, priced: str | None, expected: tuple[Decimal, str] | None
) -> None:
    found = token_meter(
        service_provider_name="AWS",
        service_name="Amazon Bedrock",
        sku_meter="USE1-NovaPro-input-tokens",
        consumed_unit=consumed,
        pricing_unit=priced,
    )
    assert (found and (found.tokens_per_unit, found.quantity)) == expected


def test_azure_focus_exports_count_single_tokens_as_units() -> None:
    found = token_meter(
        service_provider_name="Microsoft",
        service_name="Azure OpenAI",
        sku_meter="gpt-4o-0806-Inp-glbl Tokens",
        consumed_unit="Units",
        pricing_unit="1K",
    )
    assert found == TokenMeter("gpt-4o-0806", "input", Decimal(1), CONSUMED)


def test_the_name_may_stand_in_the_sku_id() -> None:
    found = token_meter(
        service_provider_name="AWS",
        service_name="Amazon Bedrock",
        sku_meter="On-demand inference",
        sku_id="USE1-NovaPro-input-tokens",
        pricing_unit="1K tokens",
    )
    assert found == TokenMeter("NovaPro", "input", K, PRICED)
