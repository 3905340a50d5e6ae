"""The guard in front of every route and page: which Host names are answered, and who is asking.

It wraps the whole server, so the dashboard's routes cannot be forgotten.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problems import problem
from app.db.session import read_session
from app.domain.viewer import Viewer, operator
from app.errors import TrueupError
from app.reports.keys import viewer_with_key
from app.reports.viewing import viewing_as
from app.settings import Auth, settings

COOKIE = "trueup_key"
LOGIN = "/login"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_OPEN = frozenset({LOGIN, "/api/v1/health/live", "/api/v1/health/ready"})
_MACHINES = ("/api/", "/_dash", "/assets/", "/metrics")  # what no person reads: a redirect to a form would not help
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class NotSignedIn(TrueupError):
    """Nobody we know is asking."""

    def __init__(self) -> None:
        super().__init__("Send a key that works, as `Authorization: Bearer KEY` or `X-API-Key: KEY`.")


def viewer_of(headers: Mapping[str, str], cookies: Mapping[str, str]) -> Viewer:
    """Who sends these headers and cookies. Raises NotSignedIn when it is nobody we know."""
    if settings().auth is Auth.NONE:
        return operator()
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    text = bearer if scheme.lower() == "bearer" else headers.get("x-api-key") or cookies.get(COOKIE)
    viewer = viewer_of_key(text) if text else None
    if viewer is None:
        raise NotSignedIn
    return viewer


def viewer_of_key(text: str) -> Viewer | None:
    """Who presents the key `text` now, or None when it opens nothing."""
    with read_session() as session:
        return viewer_with_key(session, text, datetime.now(UTC))


class Guard:
    """An ASGI layer that lets a request pass with its viewer set, or answers it itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._guard(Request(scope), receive, send)
        else:
            # Nothing of ours speaks over a websocket, and none may bypass the guard.
            await send({"type": "websocket.close"})

    async def _guard(self, request: Request, receive: Receive, send: Send) -> None:
        refusal = wrong_host(request) or foreign_origin(request)
        if refusal is None and request.url.path in _OPEN:
            return await self.app(request.scope, receive, send)
        if refusal is None:
            try:
                viewer = await run_in_threadpool(viewer_of, request.headers, request.cookies)
            except NotSignedIn as error:
                refusal = _sign_in(request, error)
            else:
                with viewing_as(viewer):
                    return await self.app(request.scope, receive, send)
        return await refusal(request.scope, receive, send)


def wrong_host(request: Request) -> Response | None:
    """The refusal of a Host name that is not ours.

    Without sign-in, a web page elsewhere could point a name of its own at this machine and read the answers (DNS
    rebinding). Only names that no stranger controls are answered.
    """
    if settings().auth is not Auth.NONE:
        return None
    host = _host_name(request)
    if host in _LOOPBACK | _allowed_hosts():
        return None
    return problem(
        HTTPStatus.MISDIRECTED_REQUEST,
        f"This Trueup does not answer to the Host name '{host}'. Add it to TRUEUP_ALLOWED_HOSTS if it is yours.",
    )


def foreign_origin(request: Request) -> Response | None:
    """The refusal of a change that a page of another origin asks the browser to make (cross-site request forgery)."""
    origin = request.headers.get("origin")
    if request.method in _SAFE_METHODS or origin is None:
        return None
    if _name(origin) in {_host_name(request)} | _allowed_hosts():
        return None
    return problem(HTTPStatus.FORBIDDEN, f"A page of '{origin}' may not change anything here.")


def _host_name(request: Request) -> str:
    return _name(f"//{request.headers.get('host', '')}")


def _name(url: str) -> str:
    # A name that urlsplit cannot read (it knows `[::1]:8000`) is no name of ours.
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _allowed_hosts() -> frozenset[str]:
    return frozenset(name.strip().lower() for name in settings().allowed_hosts.split(",") if name.strip())


def _sign_in(request: Request, error: NotSignedIn) -> Response:
    if request.method not in _SAFE_METHODS or request.url.path.startswith(_MACHINES):
        return problem(HTTPStatus.UNAUTHORIZED, str(error), headers={"WWW-Authenticate": 'Bearer realm="trueup"'})
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{LOGIN}?next={quote(wanted, safe='')}", HTTPStatus.SEE_OTHER)
