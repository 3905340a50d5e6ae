"""The demo company's bills for models behind an API: OpenAI and Anthropic, by project, model and kind of token.

Prices are the vendors' public prices in USD per million tokens as of 2026. Neither vendor has tags: a project (OpenAI)
or workspace (Anthropic) says whose call it was, so the policy maps those to teams. The two
default ones belong to nobody.
"""

from collections.abc import Sequence
from decimal import Decimal

from ingest.demo.curves import Curve, growing, on_workdays, steady, times
from ingest.demo.estate import Credit, Estate, Tax, Workload
from ingest.demo.issuer import Issuer
from ingest.demo.offer import Account, Offer, Resource, Service
from ingest.demo.story import SEARCH_LAUNCH, SEARCH_ROUTES_ON_DAY
from ingest.demo.when import When

MILLION = Decimal(1_000_000)
# How much of each kind of token a chat workload uses for a million fresh input tokens, in million tokens.
CHAT_MIX = {"input": "1", "cached input": "1.8", "output": "0.24"}
CACHE_WRITE_MIX = {**CHAT_MIX, "cache write": "0.15"}

OPENAI = Issuer(
    provider="OpenAI",
    company="OpenAI, LLC",
    account_id="org-acme",
    account_name="Acme AI",
    account_type="Organization",
    currency="USD",
    contracted=Decimal(1),
    invoice_prefix="OAI",
)
ANTHROPIC = Issuer(
    provider="Anthropic",
    company="Anthropic, PBC",
    account_id="acme-ai",
    account_name="Acme AI",
    account_type="Organization",
    currency="USD",
    contracted=Decimal("0.97"),
    invoice_prefix="ANT",
)
OPENAI_API = Service("OpenAI API", "AI and Machine Learning", "Generative AI", "Model")
CLAUDE_API = Service("Claude API", "AI and Machine Learning", "Generative AI", "Model")

LARGE = ("gpt-5", {"input": "1.25", "cached input": "0.125", "output": "10"})
SMALL = ("gpt-5-mini", {"input": "0.25", "cached input": "0.025", "output": "2"})
EMBEDDING = ("text-embedding-3-large", {"input": "0.13"})
SONNET = ("claude-sonnet-4-5", {"input": "3", "cached input": "0.3", "cache write": "3.75", "output": "15"})
HAIKU = ("claude-haiku-4-5", {"input": "1", "cached input": "0.1", "cache write": "1.25", "output": "5"})

Model = tuple[str, dict[str, str]]


def openai_estate() -> Estate:
    """OpenAI's projects. Search's is the one whose bill jumps and then falls."""
    calls = (
        ("proj_search", LARGE, _search_on_large()),
        ("proj_search", SMALL, _search_on_small()),
        ("proj_search", EMBEDDING, steady(2500)),
        ("proj_speech", SMALL, on_workdays(900, weekend=500)),
        ("proj_data", SMALL, steady(2200)),
        ("proj_data", LARGE, on_workdays(140, weekend=20)),
        ("proj_inference", LARGE, on_workdays(110, weekend=30)),
        ("proj_sandbox", LARGE, on_workdays(190, weekend=25)),
        ("proj_default", LARGE, growing(45, monthly="0.04")),
        ("proj_default", SMALL, steady(200)),
    )
    return Estate(
        issuer=OPENAI,
        workloads=_workloads(OPENAI_API, "Project", calls, CHAT_MIX),
        quantum=1 / MILLION,
        credits=(Credit(8, Decimal(2500), "Service credit"),),
        tax=Tax(Decimal("0.08875"), "Sales tax"),
    )


def anthropic_estate() -> Estate:
    """Anthropic's workspaces: writing assistants, the crawl's classifiers and everybody's coding."""
    calls = (
        ("wrkspc_finetuning", SONNET, on_workdays(150, weekend=90)),
        ("wrkspc_pretraining", SONNET, on_workdays(90, weekend=15)),
        ("wrkspc_inference", HAIKU, growing(160, monthly="0.03")),
        ("wrkspc_data", HAIKU, steady(900)),
        ("wrkspc_search", HAIKU, growing(260, monthly="0.02")),
        ("wrkspc_speech", HAIKU, on_workdays(140, weekend=80)),
        ("wrkspc_sandbox", SONNET, on_workdays(60, weekend=10)),
        ("wrkspc_default", SONNET, on_workdays(45, weekend=12)),
    )
    return Estate(
        issuer=ANTHROPIC,
        workloads=_workloads(CLAUDE_API, "Workspace", calls, CACHE_WRITE_MIX),
        quantum=1 / MILLION,
    )


def _search_on_large() -> Curve:
    """Search's million tokens a day on the large model: doubling last month's launch, and a trickle once routed."""

    def size(when: When) -> Decimal:
        if _is_routed(when):
            return Decimal(60)
        return Decimal(1500 if when.months_ago == SEARCH_LAUNCH else 420)

    return size


def _search_on_small() -> Curve:
    """What search sends to the smaller model: almost nothing until it routes its traffic there."""
    return lambda when: Decimal(1440 if _is_routed(when) else 40)


def _is_routed(when: When) -> bool:
    launched_and_routed = when.months_ago == SEARCH_LAUNCH and when.day.day >= SEARCH_ROUTES_ON_DAY
    return launched_and_routed or when.months_ago < SEARCH_LAUNCH


def _workloads(
    service: Service, account_type: str, calls: Sequence[tuple[str, Model, Curve]], mix: dict[str, str]
) -> tuple[Workload, ...]:
    """One workload per project, model and kind of token the model has a price for."""
    return tuple(
        Workload(
            _tokens(service, Account(project, _name(project), account_type), model, kind),
            times(curve, mix[kind]),
            slack=Decimal("0.18"),
        )
        for project, model, curve in calls
        for kind in model[1]
    )


def _tokens(service: Service, account: Account, model: Model, kind: str) -> Resource:
    name, prices = model
    offer = Offer(
        sku_id=f"{name}:{kind.replace(' ', '-')}",
        service=service,
        meter=f"{name}, {kind} tokens",
        unit="1000000 Tokens",
        list_unit_price=Decimal(prices[kind]),
        details={"x_Model": name, "x_TokenType": kind},
        consumed_unit="Tokens",
        consumed_per_unit=MILLION,
    )
    return Resource(name, name, offer, account)


def _name(project: str) -> str:
    return project.split("_", maxsplit=1)[1].capitalize()
