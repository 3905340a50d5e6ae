"""What a source of FOCUS files can be told."""

from typing import ClassVar

from pydantic import Field

from ingest.kind import SourceSettings


class FocusSettings(SourceSettings):
    """Where FOCUS files are. Credentials come from the SDK's own chain, or FOCUS_BEARER_TOKEN for HTTPS."""

    fetched_from: ClassVar[str | None] = "url"

    url: str | None = Field(
        None,
        pattern="^(s3|gs|https|http)://[^/]+",
        description="where its files are: s3://bucket/prefix, gs://bucket/prefix or https://host/file.parquet",
    )
    endpoint_url: str | None = Field(
        None, description="the address of an S3-compatible or GCS-compatible store; else the cloud's own"
    )
    region: str | None = Field(None, description="the AWS region of the bucket; else the SDK's own")
    profile: str | None = Field(None, description="a profile of the AWS configuration files to start from")
    role_arn: str | None = Field(None, description="an AWS role to assume, of any partition: arn:aws:iam::…:role/…")
    external_id: str | None = Field(None, description="what the role's trust policy asks for as sts:ExternalId")
