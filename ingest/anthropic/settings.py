"""What an Anthropic source can be told."""

from enum import StrEnum

from pydantic import Field, field_validator

from ingest.kind import SourceSettings

KEY = "ANTHROPIC_ADMIN_KEY"  # the environment variable that holds the admin key
MOST_GROUPS = 5  # besides cost_type and token_type (Usage and Cost Analytics API, group_by)
# The dimensions of both analytics endpoints, without rbac_group_id: a user in two groups would count twice.
GROUPS = (
    "actor",
    "actor_type",
    "agent_id",
    "api_key_id",
    "claude_tag_category",
    "claude_tag_user_id",
    "context_window",
    "deployment_id",
    "environment_id",
    "inference_geo",
    "model",
    "organization_id",
    "product",
    "service_tier",
    "session_id",
    "slack_channel_id",
    "speed",
    "user_profile_id",
    "workspace_id",
)


class Api(StrEnum):
    """Which of Anthropic's two APIs is asked."""

    AUTO = "auto"
    ANALYTICS = "analytics"
    LEGACY = "legacy"


class AnthropicSettings(SourceSettings):
    """An Anthropic organization."""

    api: Api = Field(
        Api.AUTO,
        description="analytics, legacy (cost and usage reports), or auto: analytics where it is there and reaches back",
    )
    group_by: tuple[str, ...] = Field(
        ("workspace_id", "api_key_id", "actor", "model", "service_tier"),
        description="what the analytics API breaks costs and usage down by, at most five",
    )
    organization_id: str = Field(
        "anthropic", description="what its billing account is called; tell two organizations apart with it"
    )
    base_url: str = Field("https://api.anthropic.com/v1", description="where the API answers")
    key_extras: tuple[str, ...] = Field(
        ("x_ApiKeyId", "x_ActorId", "x_Model"), description="x_ columns that the policy matches on"
    )

    @field_validator("group_by")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if "rbac_group_id" in names:
            raise ValueError("rbac_group_id counts a user in two groups twice; the sum would exceed the bill")
        unknown = sorted(set(names) - set(GROUPS))
        if unknown:
            raise ValueError(f"{unknown[0]} is none of {', '.join(GROUPS)}")
        if len(set(names)) > MOST_GROUPS:
            raise ValueError(f"at most {MOST_GROUPS} at once")
        return names
