"""What a Prometheus source can be told."""

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator

from ingest.telemetry.kind import TelemetrySettings


class Dialect(StrEnum):
    """Which program answers the Prometheus API; each has its own parameters and limits."""

    PROMETHEUS = "prometheus"
    THANOS = "thanos"
    MIMIR = "mimir"
    VICTORIAMETRICS = "victoriametrics"


class Auth(StrEnum):
    """How we say who we are."""

    NONE = "none"
    BASIC = "basic"
    BEARER = "bearer"
    SIGV4 = "sigv4"
    GOOGLE = "google"


class PrometheusSettings(TelemetrySettings):
    """A server with the Prometheus query API, and whose GPUs to ask it about."""

    url: str | None = Field(None, description="the address that /api/v1 is below, such as http://prometheus:9090")
    dialect: Dialect = Field(Dialect.PROMETHEUS, description="prometheus, thanos, mimir or victoriametrics")
    auth: Auth = Field(Auth.NONE, description="none, basic, bearer, sigv4 (AWS) or google")
    username: str | None = Field(None, description="with --auth basic")
    password_env: str = Field("PROMETHEUS_PASSWORD", description="the environment variable that holds the password")
    token_env: str = Field("PROMETHEUS_TOKEN", description="the environment variable that holds the bearer token")
    tenant: str | None = Field(None, description="sent as X-Scope-OrgID (Mimir, Cortex, Loki's family)")
    verify: bool = Field(default=True, description="check the server's TLS certificate")
    ca: Path | None = Field(None, description="a file of certificates to trust, for a private authority")
    region: str | None = Field(None, description="with --auth sigv4: the AWS region; else the SDK's own")
    aws_service: str = Field("aps", description="with --auth sigv4: aps (managed Prometheus), monitoring (CloudWatch)")
    profile: str | None = Field(None, description="with --auth sigv4: a profile of the AWS configuration files")
    role_arn: str | None = Field(None, description="with --auth sigv4: a role to assume")
    external_id: str | None = Field(None, description="with --auth sigv4: what the role's trust policy asks for")
    scrape_interval: int | None = Field(
        None, ge=1, le=3600, description="seconds between two samples; measured when not given"
    )
    matchers: tuple[str, ...] = Field((), description='label matchers of every query, such as cluster="gpu-1"')
    team_label: str = Field("label_team", description="the label of kube_pod_labels that names the team")
    parallel: int = Field(3, ge=1, le=8, description="how many queries may be under way at once")

    @property
    def points_somewhere(self) -> bool:
        """Whether there is a server to ask."""
        return self.url is not None

    @field_validator("matchers")
    @classmethod
    def _are_matchers(cls, matchers: tuple[str, ...]) -> tuple[str, ...]:
        for each in matchers:
            if "=" not in each.replace("!~", "=") or "{" in each.split('"', 1)[0]:
                raise ValueError(f'{each!r} is no label matcher; write one as name="value"')
        return matchers

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise ValueError("url must begin with http:// or https://")
        if self.auth is Auth.BASIC and not self.username:
            raise ValueError("--auth basic needs --username")
        return self
