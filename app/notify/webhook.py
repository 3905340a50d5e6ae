"""A webhook: JSON posted to an address of the operator's, signed if a secret is set.

    X-Trueup-Delivery    an id, the same for every attempt at one message: who has seen it has the message already
    X-Trueup-Timestamp   seconds since 1970 in UTC, when the message was signed
    X-Trueup-Signature   sha256=HEX: HMAC-SHA256 under the secret of timestamp + "." + body

The address itself may be a secret (Slack's are), so no message says more of it than the host.
"""

import hashlib
import hmac
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from app.errors import BadInput, NotPermitted
from app.notify.patience import TIMEOUT_SECONDS, Passing, patiently

_PASSING = frozenset({408, 425, 429})  # and all of 5xx
_QUOTED = 200  # characters of an answer that an error message repeats


@dataclass(frozen=True)
class Webhook:
    """Where messages are posted to. Raises BadInput for an address that is none of http or https."""

    url: str
    secret: str | None
    clock: Callable[[], float]  # seconds since 1970

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise BadInput("TRUEUP_WEBHOOK_URL is no address of a webhook. Write it as https://HOST/PATH.")

    @property
    def host(self) -> str:
        """What may be said of the address."""
        return urlsplit(self.url).hostname or ""

    def post(self, body: bytes) -> None:
        """Posts JSON. Asks again after a fault that can pass (the network, 408, 425, 429, 5xx).

        Raises Unavailable when none of the attempts got through, NotPermitted for 401 and 403, BadInput for any other
        answer that is no success.
        """
        delivery = uuid4().hex
        patiently(lambda: self._attempt(body, delivery))

    def _attempt(self, body: bytes, delivery: str) -> None:
        try:
            # Redirects are not followed: the message is for the address that was set.
            answer = httpx.post(self.url, content=body, headers=self._headers(body, delivery), timeout=TIMEOUT_SECONDS)
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
            raise BadInput(f"The webhook at {self.host} cannot be asked. Check TRUEUP_WEBHOOK_URL.") from error
        except httpx.TransportError as error:
            # Without the words of the error, which may hold the address.
            raise Passing(
                f"The webhook at {self.host} cannot be reached ({type(error).__name__}). Try again later."
            ) from None
        self._check(answer)

    def _headers(self, body: bytes, delivery: str) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": "Trueup", "X-Trueup-Delivery": delivery}
        if self.secret:
            timestamp = str(int(self.clock()))
            headers |= {"X-Trueup-Timestamp": timestamp, "X-Trueup-Signature": signature(self.secret, timestamp, body)}
        return headers

    def _check(self, answer: httpx.Response) -> None:
        if answer.is_success:
            return
        said = f"The webhook at {self.host} answered {answer.status_code}{self._quoted(answer)}"
        if answer.status_code in {401, 403}:
            raise NotPermitted(f"{said}. Check TRUEUP_WEBHOOK_URL and TRUEUP_WEBHOOK_SECRET.")
        if answer.status_code in _PASSING or answer.is_server_error:
            raise Passing(f"{said}. Try again later.", after_seconds=_asked_wait(answer))
        raise BadInput(f"{said}. Nothing was delivered; check TRUEUP_WEBHOOK_URL and what it takes (--format).")

    def _quoted(self, answer: httpx.Response) -> str:
        """The beginning of what an error answer says, on one line, without the address and the secret."""
        text = " ".join(answer.text.split())
        for private in (self.url, urlsplit(self.url).path.strip("/"), self.secret):
            text = text.replace(private, "…") if private else text
        return f" ({text[:_QUOTED]})" if text else ""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the header X-Trueup-Signature says of a message."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


def _asked_wait(answer: httpx.Response) -> float | None:
    """Seconds that the header Retry-After asks to wait; its other form, a date, is left to the backoff."""
    with suppress(ValueError):
        return max(float(answer.headers.get("retry-after", "")), 0.0)
    return None
