"""What a CloudWatch source can be told."""

from pydantic import Field

from ingest.aws.session import AwsReach
from ingest.telemetry.kind import TelemetrySettings


class CloudWatchSettings(AwsReach, TelemetrySettings):
    """A region of an AWS account, and where in it the CloudWatch agent writes."""

    region: str | None = Field(None, description="the AWS region, such as eu-central-1; metrics do not leave theirs")
    namespace: str = Field("CWAgent", min_length=1, description="the namespace that the CloudWatch agent writes to")

    @property
    def points_somewhere(self) -> bool:
        """Whether there is a region to ask. The SDK's own is none: another one would answer that it has no GPU."""
        return self.region is not None
