"""What AWS' SDK raises, said in our words: what was asked for, which permission is missing, what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ResponseStreamingError,
    SSOError,
    UnauthorizedSSOTokenError,
)
from botocore.exceptions import (
    ConnectionError as UnreachableError,
)

from app.errors import BadInput, NotFound, NotPermitted, TrueupError, Unavailable

_CREDENTIALS = {
    **dict.fromkeys(
        ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
        "the AWS credentials have expired",
    ),
    **dict.fromkeys(
        (
            "AuthFailure",
            "IncompleteSignature",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidToken",
            "MissingAuthenticationToken",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ),
        "AWS does not know these credentials",
    ),
    "RequestTimeTooSkewed": "the clock of this machine is wrong, so AWS takes its credentials for expired",
}
_ABSENT = frozenset({"NoSuchKey", "404"})
_PASSING = frozenset(
    {
        "DataUnavailableException",  # Cost Explorer was enabled less than a day ago
        "LimitExceededException",
        "RequestTimeout",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_SAYS_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
# The IAM action that allows an operation, where the answer does not name it.
_ACTIONS = {
    "AssumeRole": "sts:AssumeRole",
    "DescribeOrganization": "organizations:DescribeOrganization",
    "GetCallerIdentity": "sts:GetCallerIdentity",
    "GetCostAndUsage": "ce:GetCostAndUsage",
    "GetMetricData": "cloudwatch:GetMetricData",
    "GetObject": "s3:GetObject",
    "ListMetrics": "cloudwatch:ListMetrics",
}
_NO_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    UnauthorizedSSOTokenError,
)
_REMEDY = (
    "Sign in again, set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where there is an AWS role,"
    " whose credentials renew themselves"
)


class Denied(NotPermitted):
    """AWS knows who asks and does not allow it."""

    def __init__(self, message: str, *, action: str) -> None:
        super().__init__(message)
        self.action = action


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Turns what the SDK raises inside into Unavailable, NotPermitted, NotFound or BadInput about `what`."""
    try:
        yield
    except ClientError as error:
        raise refusal(error, what) from error
    except _NO_CREDENTIALS as error:
        raise NotPermitted(f"{what}: there are no usable AWS credentials ({_plain(error)}). {_REMEDY}.") from error
    except (UnreachableError, HTTPClientError, ResponseStreamingError) as error:
        raise Unavailable(f"{what}: AWS cannot be reached ({_plain(error)}). Run this again later.") from error
    except (InvalidRegionError, NoRegionError, ParamValidationError) as error:
        raise BadInput(f"{what}: {_plain(error)}. Check the settings of the source.") from error
    except BotoCoreError as error:
        raise Unavailable(f"{what}: {_plain(error)}. Run this again later.") from error


@contextmanager
def storing(what: str) -> Iterator[None]:
    """Says Unavailable when the disk is full while `what` is written."""
    try:
        yield
    except OSError as error:
        if error.errno not in {ENOSPC, EDQUOT}:
            raise
        raise Unavailable(f"{what}: the disk is full. Free space, then run this again.") from error


def refusal(error: ClientError, what: str) -> TrueupError:
    """The error that an answer of AWS stands for."""
    said = error.response.get("Error", {})
    code, message = str(said.get("Code", "")), str(said.get("Message", "")).rstrip(". ")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _CREDENTIALS:
        return NotPermitted(f"{what}: {_CREDENTIALS[code]} ({code}). {_REMEDY}.")
    if code in _ABSENT:
        return NotFound(f"{what}: not there ({code}).")
    if code in _PASSING or status == 429 or status >= 500:
        return Unavailable(f"{what}: AWS answers {code}: {message}. Run this again later.")
    if status in {401, 403} or code.startswith("AccessDenied"):
        return _denied(error.operation_name, message, what)
    return BadInput(f"{what}: AWS answers {code}: {message}. Check the settings of the source.")


def _denied(operation: str, message: str, what: str) -> Denied:
    named = _SAYS_ACTION.search(message)
    action = named.group(1) if named else _ACTIONS.get(operation, operation)
    remedy = {
        "ce:GetCostAndUsage": "Allow it, and enable Cost Explorer once in the payer account's billing console",
        "sts:AssumeRole": "Let the role's trust policy name whoever runs Trueup, with the same sts:ExternalId",
        "s3:GetObject": "Allow it, and s3:ListBucket too: without that, S3 says the same of a file that is not there",
    }.get(action, f"Allow {action}")
    return Denied(
        f"{what}: the permission {action} is missing ({message or 'access denied'}). {remedy}.", action=action
    )


def _plain(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__
