"""Clients of AWS: which credentials, which region and partition, which endpoint.

Credentials come from the SDK's own chain (environment, profile, container or instance role). Where a source names a
role, they only serve to assume it, again whenever it expires.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import boto3
import botocore.session
from botocore.client import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import NoCredentialsError
from pydantic import BaseModel, Field

from app.errors import BadInput
from ingest.aws.refusals import asking
from ingest.kind import SourceSettings

# Six attempts at most 20 seconds apart, throttling included (the SDK's "standard" retry mode).
CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 6},
    connect_timeout=15,
    read_timeout=60,
    user_agent_extra="trueup",
)
# Where to start when nobody names a region: any region of a partition can tell where the others are.
_HOME_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


class AwsReach(BaseModel):
    """How AWS is reached; each may be left out."""

    region: str | None = Field(None, description="the AWS region, such as eu-central-1; else the SDK's own")
    profile: str | None = Field(None, description="a profile of the AWS configuration files to start from")
    role_arn: str | None = Field(None, description="a role to assume, of any partition: arn:aws:iam::…:role/…")
    external_id: str | None = Field(None, description="what the role's trust policy asks for as sts:ExternalId")
    endpoint_url: str | None = Field(
        None, description="the address of an S3-compatible store or a test server; else AWS_ENDPOINT_URL, else AWS"
    )


class AwsSettings(AwsReach, SourceSettings):
    """What a source of bills in AWS can be told."""


@dataclass(frozen=True)
class Aws:
    """A session that clients are made from."""

    session: boto3.Session
    region: str
    endpoint_url: str | None

    def client(self, service: str) -> Any:
        """A client of `service`, such as "s3". Raises BadInput when the region or the endpoint cannot be."""
        try:
            with asking(f"AWS {service} in {self.region}"):
                return self.session.client(
                    service, region_name=self.region, endpoint_url=self.endpoint_url, config=CONFIG
                )
        except ValueError as error:  # botocore's word for an address that is none
            raise BadInput(f"AWS {service}: {error}. Check --endpoint-url and AWS_ENDPOINT_URL.") from error


@dataclass(frozen=True)
class Identity:
    """Who AWS takes us for, and what day it is there."""

    arn: str
    account_id: str
    today: date


def connect(settings: AwsReach) -> Aws:
    """A session as `settings` say. Asks AWS nothing yet: a role is assumed when its first client needs it."""
    with asking("AWS credentials"):
        base = botocore.session.Session(profile=settings.profile)
        region = settings.region or base.get_config_variable("region") or _home_region(settings.role_arn)
        if settings.role_arn:
            base = _assumed(base, settings, region)
        return Aws(boto3.Session(botocore_session=base), region, settings.endpoint_url)


def identity(aws: Aws) -> Identity:
    """Who we are. Raises NotPermitted when the credentials are missing, expired or may not assume the role."""
    with asking("AWS sts:GetCallerIdentity"):
        answer = aws.client("sts").get_caller_identity()
    said = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    now = parsedate_to_datetime(said) if said else datetime.now(UTC)
    return Identity(answer["Arn"], answer["Account"], now.astimezone(UTC).date())


class _Role(CredentialProvider):  # type: ignore[misc]  # botocore has no types
    """Credentials that a session finds first, and alone."""

    METHOD = "assume-role"

    def __init__(self, credentials: DeferredRefreshableCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> DeferredRefreshableCredentials:
        return self._credentials


def _assumed(base: botocore.session.Session, settings: AwsReach, region: str) -> botocore.session.Session:
    """A session whose credentials are the role's. One that waits for a person (MFA) is not for a scheduler."""
    source = base.get_credentials()
    if source is None:
        raise NoCredentialsError
    told = {"ExternalId": settings.external_id} if settings.external_id else {}
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=partial(
            base.create_client, region_name=region, endpoint_url=settings.endpoint_url, config=CONFIG
        ),
        source_credentials=source,
        role_arn=settings.role_arn,
        extra_args={"RoleSessionName": "trueup", **told},
    )
    credentials = DeferredRefreshableCredentials(method=_Role.METHOD, refresh_using=fetcher.fetch_credentials)
    session = botocore.session.Session(profile=settings.profile)
    session.register_component("credential_provider", CredentialResolver([_Role(credentials)]))
    return session


def _home_region(role_arn: str | None) -> str:
    partition = role_arn.split(":")[1] if role_arn and role_arn.count(":") >= 5 else "aws"
    return _HOME_REGIONS.get(partition, _HOME_REGIONS["aws"])
