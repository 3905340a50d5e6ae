"""Signing in with a key, for people with a browser. The page is whole in itself: it needs no file that is guarded."""

from html import escape
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.api.auth import COOKIE, LOGIN, viewer_of_key

router = APIRouter(include_in_schema=False)

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Trueup</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }}
form {{ display: grid; gap: .75rem; width: min(22rem, 90vw); }}
h1 {{ font-size: 1.25rem; margin: 0; }}
p {{ margin: 0; }}
input, button {{ font: inherit; padding: .5rem .75rem; border-radius: .375rem; border: 1px solid GrayText; }}
button {{ background: #1c4ed8; border-color: #1c4ed8; color: #fff; cursor: pointer; }}
[role=alert] {{ border-left: 3px solid #dc2626; padding-left: .75rem; }}
</style>
</head>
<body>
<main>
<form method="post" action="/login">
<h1>Sign in to Trueup</h1>
{message}
<label for="key">API key</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
<input type="hidden" name="next" value="{next}">
<button type="submit">Sign in</button>
<p><small>An admin makes keys with <code>trueup keys create</code>.</small></p>
</form>
</main>
</body>
</html>
"""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
    " frame-ancestors 'none'",
}


@router.get(LOGIN)
def show_login(next_page: Annotated[str, Query(alias="next")] = "/") -> Response:
    """The form."""
    return _page(next_page)


@router.post(LOGIN)
def sign_in(
    request: Request, key: Annotated[str, Form()], next_page: Annotated[str, Form(alias="next")] = "/"
) -> Response:
    """Keeps a working key in a cookie and goes on to the page that was wanted."""
    if viewer_of_key(key) is None:
        return _page(next_page, "This key does not work. It may have been revoked or have expired.")
    response = RedirectResponse(_local(next_page), HTTPStatus.SEE_OTHER)
    # Strict: no other site can make the browser use the key. No expiry: it goes when the browser is closed.
    response.set_cookie(COOKIE, key.strip(), httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return response


@router.post("/logout")
def sign_out() -> Response:
    """Forgets the key."""
    response = RedirectResponse(LOGIN, HTTPStatus.SEE_OTHER)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


def _page(next_page: str, error: str | None = None) -> Response:
    message = f'<p role="alert">{escape(error)}</p>' if error else ""
    status = HTTPStatus.UNAUTHORIZED if error else HTTPStatus.OK
    return HTMLResponse(_PAGE.format(message=message, next=escape(_local(next_page), quote=True)), status, _HEADERS)


def _local(next_page: str) -> str:
    """`next_page` if it is a page of ours, else the first page.

    Browsers read `//elsewhere` as another host, and take a backslash for a slash.
    """
    is_ours = next_page.startswith("/") and next_page[1:2] not in {"/", "\\"} and next_page.isprintable()
    return next_page if is_ours else "/"
