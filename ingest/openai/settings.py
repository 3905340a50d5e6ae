"""What an OpenAI source can be told."""

from pydantic import Field

from ingest.kind import SourceSettings

KEY = "OPENAI_ADMIN_KEY"  # the environment variable that holds the admin key


class OpenAISettings(SourceSettings):
    """An OpenAI organization."""

    organization_id: str = Field(
        "openai", description="what its billing account is called; tell two organizations apart with it (org-…)"
    )
    base_url: str = Field("https://api.openai.com/v1", description="where the API answers")
    key_extras: tuple[str, ...] = Field(("x_ApiKeyId", "x_Model"), description="x_ columns that the policy matches on")
