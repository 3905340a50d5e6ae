"""What Google's libraries raise, said as our errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from app.errors import BadInput, NotFound, NotPermitted, TrueupError, Unavailable

# Reasons under which BigQuery answers 403 and means: later. https://cloud.google.com/bigquery/docs/error-messages
_LATER = frozenset({"rateLimitExceeded", "quotaExceeded", "jobRateLimitExceeded", "backendError"})
_TOO_MANY_BYTES = "bytesBilledLimitExceeded"
_CREDENTIALS = (
    "Set GOOGLE_APPLICATION_CREDENTIALS to a key or workload identity file, run where a service account is attached,"
    " or run `gcloud auth application-default login`."
)
_PASSING = (
    api.TooManyRequests,
    api.ServerError,
    api.RetryError,
    api.Cancelled,
    api.Aborted,
    requests.ConnectionError,
    requests.Timeout,
    TimeoutError,
)


@contextmanager
def asking(what: str, *, permission: str) -> Iterator[None]:
    """Turns a refusal of Google's while `what` is asked for into one of ours, which names the missing `permission`."""
    try:
        yield
    except TrueupError:
        raise
    except auth.DefaultCredentialsError as error:
        raise NotPermitted(f"{what}: there are no Google credentials. {_CREDENTIALS}") from error
    except auth.TransportError as error:
        raise Unavailable(
            f"{what}: Google's sign-in cannot be reached ({_said(error)}). Run this again later."
        ) from error
    except auth.GoogleAuthError as error:
        if getattr(error, "retryable", False):
            raise Unavailable(f"{what}: Google's sign-in falters ({_said(error)}). Run this again later.") from error
        raise NotPermitted(
            f"{what}: the credentials are expired or revoked ({_said(error)}). {_CREDENTIALS}"
        ) from error
    except _PASSING as error:
        raise Unavailable(f"{what}: {_said(error)}. Run this again later.") from error
    except (api.GoogleAPICallError, ValueError) as error:
        raise _refusal(what, permission, error) from error


def _refusal(what: str, permission: str, error: Exception) -> TrueupError:
    reasons = _reasons(error)
    if reasons & _LATER:
        return Unavailable(f"{what}: a quota is used up ({_said(error)}). Run this again later.")
    if isinstance(error, api.Unauthorized):
        return NotPermitted(f"{what}: the credentials are expired or not accepted ({_said(error)}). {_CREDENTIALS}")
    if isinstance(error, api.Forbidden):
        return NotPermitted(f"{what}: not permitted ({_said(error)}). Grant {permission}.")
    if isinstance(error, api.NotFound):
        return NotFound(f"{what}: not found ({_said(error)}). Check the source's settings.")
    if _TOO_MANY_BYTES in reasons or "bytes billed" in str(error):
        return BadInput(
            f"{what}: the query would read more than --maximum-bytes-billed allows ({_said(error)})."
            " Raise it with `trueup sources set`, if the table is as large as that."
        )
    return BadInput(f"{what}: refused ({_said(error)}). Check the source's settings.")


def _reasons(error: Exception) -> set[str]:
    details = getattr(error, "errors", None) or ()
    return {str(each.get("reason")) for each in details if isinstance(each, dict)}


def _said(error: Exception) -> str:
    """The first line of what an error says, without a full stop."""
    if isinstance(error, api.RetryError) and error.cause:
        error = error.cause
    text = str(error.message if isinstance(error, api.GoogleAPICallError) else error)
    return (text.splitlines() or [type(error).__name__])[0].strip().rstrip(".")[:300]
