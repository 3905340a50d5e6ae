"""What has been said to a finding."""

from enum import StrEnum


class FindingState(StrEnum):
    """A finding is open until somebody answers it, and resolved when telemetry proves it gone."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"  # somebody looks after it
    EXEMPT = "exempt"  # it is meant to be, for a reason, up to a day
    RESOLVED = "resolved"


STANDING = (FindingState.OPEN, FindingState.ACKNOWLEDGED, FindingState.EXEMPT)
