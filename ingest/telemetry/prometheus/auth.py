"""Saying who we are to a Prometheus server. Secrets come from the environment or the cloud's own chain, never kept."""

import os
import threading
from collections.abc import Callable, Generator
from typing import Any

import botocore.auth
import botocore.awsrequest
import google.auth
import google.auth.transport.requests
import httpx
from google.auth.exceptions import GoogleAuthError

from app.errors import BadInput, NotPermitted
from ingest.aws.refusals import asking
from ingest.aws.session import AwsSettings, connect
from ingest.telemetry.prometheus.settings import Auth, PrometheusSettings

_MONITORING_READ = "https://www.googleapis.com/auth/monitoring.read"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def authentication(settings: PrometheusSettings) -> httpx.Auth | None:
    """How requests are signed. Raises NotPermitted when a secret is not there, BadInput when it would be given away."""
    match settings.auth:
        case Auth.NONE:
            return None
        case Auth.BASIC:
            return httpx.BasicAuth(settings.username or "", _secret(settings.password_env))
        case Auth.BEARER:
            token = _secret(settings.token_env)
            return Bearer(lambda: token)
        case Auth.SIGV4:
            return _sigv4(settings)
        case Auth.GOOGLE:
            return _google(settings)


class Bearer(httpx.Auth):
    """A token in the header Authorization; `token` says the one that is valid now."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = f"Bearer {self._token()}"
        yield request


class SigV4(httpx.Auth):
    """AWS Signature Version 4 over method, path, form and the headers that name host and time."""

    requires_request_body = True

    def __init__(self, credentials: Any, service: str, region: str) -> None:
        self._credentials, self._service, self._region = credentials, service, region

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        signed = botocore.awsrequest.AWSRequest(
            method=request.method,
            url=str(request.url),
            data=request.content,
            headers={"Content-Type": request.headers.get("Content-Type", ""), "Host": request.headers["Host"]},
        )
        frozen = self._credentials.get_frozen_credentials()
        botocore.auth.SigV4Auth(frozen, self._service, self._region).add_auth(signed)
        for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token"):
            if name in signed.headers:
                request.headers[name] = signed.headers[name]
        yield request


def _secret(variable: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value:
        raise NotPermitted(f"The environment has no {variable}. Set it to the secret of this Prometheus source.")
    return value


def _sigv4(settings: PrometheusSettings) -> SigV4:
    told = AwsSettings(
        region=settings.region,
        profile=settings.profile,
        role_arn=settings.role_arn,
        external_id=settings.external_id,
    )
    with asking("AWS credentials"):
        aws = connect(told)
        credentials = aws.session.get_credentials()
    if credentials is None:
        raise NotPermitted("There are no AWS credentials to sign with. Set AWS_PROFILE or the usual AWS variables.")
    return SigV4(credentials, settings.aws_service, aws.region)


def _google(settings: PrometheusSettings) -> Bearer:
    url = httpx.URL(settings.url or "")
    if url.scheme != "https" and url.host not in _LOOPBACK:
        raise BadInput("A Google token is not sent where no TLS protects it. Use an https:// address.")
    try:
        credentials, _ = google.auth.default(scopes=[_MONITORING_READ])
    except GoogleAuthError as error:
        raise NotPermitted(
            f"There are no Google credentials: {error}. Run `gcloud auth application-default login`."
        ) from error
    lock = threading.Lock()  # requests run side by side, and a refresh is not for two at once

    def token() -> str:
        with lock:
            if not credentials.valid:
                try:
                    credentials.refresh(google.auth.transport.requests.Request())  # type: ignore[no-untyped-call]
                except GoogleAuthError as error:
                    raise NotPermitted(f"Google gives us no token: {error}. Check the credentials.") from error
            return str(credentials.token)

    return Bearer(token)
