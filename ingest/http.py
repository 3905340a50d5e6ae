"""A vendor's plain HTTP API: asked again when it falters, read byte for byte, its faults said as ours.

    with service("OpenAI", "https://api.openai.com/v1", headers={...}, remedy="…") as api:
        raw = api.get("/organization/costs", {"limit": 31})     # the bytes of one answer
        for page in pages(api, "/organization/costs", {...}, cursor=...):
            page.raw, page.content                               # the bytes to archive, and what they say
        api.download("/bill.csv.gz", target, progress)           # a file of any size

A fault that can pass (the network, 408, 429, 5xx) is tried again, waiting as long as `Retry-After` says. What remains
is Unavailable (try later), NotPermitted (401, 403), NotFound (404, 410) or BadInput (anything else).
"""

import json
import ssl
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import sleep
from typing import Any, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from app.errors import BadInput, NotFound, NotPermitted, TrueupError, Unavailable
from ingest.files import BLOCK, Progress

# (name, value) pairs where a name comes more than once, as in group_by[]=a&group_by[]=b.
Params = Mapping[str, str | int] | Sequence["Pair"]
Pair = tuple[str, str | int | float | bool | None]  # as httpx has it
Answer = TypeVar("Answer")

TIMEOUT = httpx.Timeout(120, connect=15)  # a month of grouped costs can take its time; seconds
ATTEMPTS = 6
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 120.0
_PASSING = frozenset({408, 425, 429})  # and all of 5xx, such as Anthropic's 529 (overloaded)
_QUOTED = 300  # characters of an answer that an error message repeats
MAX_PAGES = 10_000


def pause(seconds: float) -> None:
    """Waits before the next attempt."""
    sleep(seconds)


class _Passing(Unavailable):
    """A fault worth another attempt."""

    def __init__(self, message: str, *, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


@dataclass(frozen=True)
class Page:
    """One answer of a paged list."""

    raw: bytes
    content: Any  # JSON as `exact_json` reads it


@dataclass(frozen=True)
class Service:
    """An API that is asked with GET, or with POST where a question is too long for an address."""

    client: httpx.Client
    name: str  # for messages: "OpenAI"
    remedy: str  # what to do when it turns our credentials away: which key, with what permission, from where

    def get(self, path: str, params: Params = ()) -> bytes:
        """The body of one answer, as it came.

        Raises Unavailable, NotPermitted, NotFound or BadInput, saying what was asked of whom.
        """

        def ask() -> bytes:
            response = self.client.get(path, params=_pairs(params))
            self._check(response)
            return response.content

        return self._patiently(path, ask)

    def post(self, path: str, form: Params, *, read: Container[int] = ()) -> httpx.Response:
        """The answer to a form. Those with a status in `read` are the caller's to judge.

        Raises what `get` raises.
        """

        def ask() -> httpx.Response:
            response = self.client.post(path, data=dict(_pairs(form)))
            if response.status_code not in read:
                self._check(response)
            return response

        return self._patiently(path, ask)

    def headers(self, path: str) -> Mapping[str, str]:
        """The headers of an answer without its body (HEAD), such as the ETag that tells one version from another."""

        def ask() -> Mapping[str, str]:
            response = self.client.head(path)
            self._check(response)
            return response.headers

        return self._patiently(path, ask)

    def download(self, path: str, target: Path, progress: Progress) -> Path:
        """Writes the body to `target`, never a part of it: what breaks off is begun again."""

        def ask() -> Path:
            # The file itself, not an encoding of it that the server may prefer on the way.
            with self.client.stream("GET", path, headers={"Accept-Encoding": "identity"}) as response:
                if response.is_error:
                    response.read()
                self._check(response)
                with target.open("wb") as stream:
                    for block in response.iter_raw(BLOCK):
                        stream.write(block)
                        progress("download", len(block))
            return target

        try:
            return self._patiently(path, ask)
        except TrueupError:
            target.unlink(missing_ok=True)
            raise

    def _patiently(self, path: str, ask: Callable[[], Answer]) -> Answer:
        def attempt() -> Answer:
            try:
                return ask()
            except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:  # its words may hold a header
                raise BadInput(f"{self.name} cannot be asked for {path}. Check the address and the key.") from error
            except httpx.TransportError as error:
                where = _shown(error.request.url)
                raise _Passing(f"{self.name} cannot be reached at {where}: {_said(error)}. Try again later.") from error
            except (httpx.InvalidURL, httpx.TooManyRedirects) as error:
                raise BadInput(f"{self.name}: {path} leads to no address that answers ({error}). Check it.") from error

        retrying = Retrying(
            retry=retry_if_exception_type(_Passing),
            stop=stop_after_attempt(ATTEMPTS),
            wait=_wait,
            sleep=pause,
            reraise=True,
        )
        return retrying(attempt)

    def _check(self, response: httpx.Response) -> None:
        if response.is_success:
            return
        status, where = response.status_code, _shown(response.request.url)
        said = f"{self.name} answered {status} to {where}{_quoted(response)}"
        if status in {401, 403}:
            raise NotPermitted(f"{said}. {self.remedy}")
        if status in {404, 410}:
            raise NotFound(f"{said}. Check the address of the source.")
        if status in _PASSING or response.is_server_error:
            after = retry_after(response)
            if after is not None and after > LONGEST_WAIT_SECONDS:
                raise Unavailable(f"{said} and asks to wait {after:.0f} seconds. Run this again then.")
            raise _Passing(f"{said}. Run this again later.", after_seconds=after)
        raise BadInput(f"{said}. Check the settings of the source.")


@contextmanager
def service(
    name: str,
    base_url: str,
    *,
    remedy: str,
    headers: Mapping[str, str] | None = None,
    follow_redirects: bool = False,
    auth: httpx.Auth | None = None,
    verify: ssl.SSLContext | bool = True,
) -> Iterator[Service]:
    """The API called `name` below `base_url`. `headers` go with each request; redirects could carry a key elsewhere."""
    try:
        client = httpx.Client(
            base_url=base_url,
            headers=dict(headers or {}),
            timeout=TIMEOUT,
            follow_redirects=follow_redirects,
            auth=auth,
            verify=verify,
        )
    except (httpx.InvalidURL, ValueError) as error:  # ValueError: a header that is no ASCII
        raise BadInput(f"{name}: the address or a key is not usable ({type(error).__name__}). Check both.") from error
    with client:
        yield Service(client, name, remedy)


def pages(
    api: Service,
    path: str,
    params: Params = (),
    *,
    cursor: Callable[[Any], str | None],
    parameter: str = "page",
) -> Iterator[Page]:
    """All answers of a paged list. `cursor` finds in an answer what `parameter` must say to get the next; None ends.

    Raises what `Service.get` raises, and BadInput when an answer is no JSON or the pages go round in a circle.
    """
    seen: set[str] = set()
    more: list[Pair] = []
    while True:
        raw = api.get(path, [*_pairs(params), *more])
        try:
            content = exact_json(raw)
            following = cursor(content)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(
                f"{api.name} answered {path} with something else than the JSON it documents"
                f" ({raw[:_QUOTED].decode(errors='replace')!r}). Check the address of the source."
            ) from error
        yield Page(raw, content)
        if following is None:
            return
        if following in seen or len(seen) == MAX_PAGES:
            raise BadInput(f"{api.name} answers {path} with pages that never end. Report this to {api.name}.")
        seen.add(following)
        more = [(parameter, following)]


def exact_json(raw: bytes) -> Any:
    """JSON with every number as the text it was written as, so that no digit of an amount is lost.

    Raises ValueError (with the position) when it is none.
    """
    return json.loads(raw, parse_float=str, parse_int=str, parse_constant=str)


def _pairs(params: Params) -> list[Pair]:
    return list(params.items()) if isinstance(params, Mapping) else list(params)


_backoff = wait_exponential_jitter(initial=FIRST_WAIT_SECONDS, max=LONGEST_WAIT_SECONDS, jitter=FIRST_WAIT_SECONDS)


def _wait(state: RetryCallState) -> float:
    """As long as the service asked for, else twice as long each time."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.after_seconds if isinstance(error, _Passing) else None
    return _backoff(state) if asked is None else asked


def retry_after(response: httpx.Response) -> float | None:
    """Seconds from now that the header Retry-After (RFC 9110, seconds or a date) asks to wait."""
    written = response.headers.get("retry-after", "").strip()
    if not written:
        return None
    try:
        return max(float(written), 0.0)
    except ValueError:
        pass
    try:
        then = parsedate_to_datetime(written)
    except ValueError:
        return None
    return max((then - datetime.now(UTC)).total_seconds(), 0.0)


def _shown(url: httpx.URL) -> str:
    """An address for a message: without its query, which may hold a signature, and without a password."""
    return str(url.copy_with(query=None, fragment=None, username=None, password=None))


def _said(error: httpx.TransportError) -> str:
    return str(error).rstrip(".") or type(error).__name__


def _quoted(response: httpx.Response) -> str:
    """The beginning of what an error answer says, on one line, for the message."""
    text = " ".join(response.text.split())
    return f" ({text[:_QUOTED]})" if text else ""
