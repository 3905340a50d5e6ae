"""What a LiteLLM source can be told."""

from typing import ClassVar, Literal

from pydantic import Field

from ingest.kind import SourceSettings

DIMENSIONS = (
    "api_key",
    "api_key_alias",
    "end_user",
    "model",
    "model_group",
    "organization",
    "provider",
    "tags",
    "team",
    "team_alias",
    "user",
)


class LiteLLMSettings(SourceSettings):
    """Where the proxy is and how fine its quantities are kept. The key is LITELLM_API_KEY in the environment."""

    fetched_from: ClassVar[str | None] = "base_url"

    base_url: str | None = Field(
        None, description="the address of the LiteLLM proxy, such as https://litellm.acme.internal"
    )
    pull: Literal["daily", "logs"] = Field(
        "daily",
        description="daily: its daily sums (few requests); logs: every request, which also tells users and tags",
    )
    dimensions: tuple[str, ...] = Field(DIMENSIONS, description="what quantities are kept by; fewer make fewer rows")
    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="what the proxy's prices are in")
    vendor_accounts: tuple[str, ...] = Field(
        (),
        description="the vendors' projects, workspaces or ids of keys that it calls with; others never passed it",
    )
