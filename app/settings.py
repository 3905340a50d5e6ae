"""Every environment variable Trueup reads, typed, in one place. `trueup doctor` prints them, secrets masked."""

import os
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Auth(StrEnum):
    """How callers prove who they are."""

    NONE = "none"
    KEYS = "keys"


def default_data_dir() -> Path:
    """Where archives and the embedded Postgres live when nobody says otherwise.

    For root this is outside its home: embedded Postgres runs as a user of its own and opens every parent folder of its
    data to that user.
    """
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/trueup")
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "trueup"


class Settings(BaseSettings):
    """Trueup's settings, read from `TRUEUP_*`."""

    model_config = SettingsConfigDict(env_prefix="TRUEUP_", env_ignore_empty=True, frozen=True)

    # It may hold a password, and what has the settings may be printed.
    database_url: str | None = Field(
        None, repr=False, description="PostgreSQL 15 or newer; without it an embedded one starts"
    )
    data_dir: Path = Field(default_factory=default_data_dir, description="archives, embedded database, temporary files")
    archive_url: str | None = Field(
        None, description="s3://BUCKET/PREFIX or gs://BUCKET/PREFIX; bills are kept there too, before they count"
    )
    auth: Auth = Field(Auth.NONE, description="`none` (loopback only) or `keys`")
    allowed_hosts: str = Field("", description="further Host names to answer to, separated by commas")
    public_url: str | None = Field(
        None, description="where people reach Trueup, https://HOST; files link their figures to it"
    )
    memory_limit: str = Field("1GB", description="what DuckDB may hold in memory while it reads a bill")
    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, description="threads that DuckDB may use")
    schedule_minutes: int | None = Field(
        None, ge=1, description="how often `trueup schedule` runs each source; without it, as its kind needs"
    )

    gpu_catalogue: Path | None = Field(
        None, description="a YAML file whose GPUs, instance types and prices go before the packaged catalogue's"
    )

    smtp_url: SecretStr | None = Field(
        None, description="smtp://USER:PASSWORD@HOST:587 or smtps://…:465; the server that sends summaries by mail"
    )
    smtp_from: str | None = Field(None, description="the address that mail comes from")
    smtp_starttls: bool = Field(True, description="whether smtp:// must turn to TLS before anything is sent")
    webhook_url: SecretStr | None = Field(None, description="where summaries are posted to; Slack's are secret")
    webhook_secret: SecretStr | None = Field(None, description="signs what is posted, by HMAC-SHA256")

    @property
    def archive_dir(self) -> Path:
        """Where deliveries are kept byte for byte."""
        return self.data_dir / "archive"

    @property
    def temp_dir(self) -> Path:
        """Scratch space; anything in it may go when no Trueup process runs."""
        return self.data_dir / "tmp"

    @property
    def embedded_dir(self) -> Path:
        """The embedded Postgres' data."""
        return self.data_dir / "postgres"


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
