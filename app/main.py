"""The server: the API, and the dashboard for every other path, behind one guard."""

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException

from app.api import problems
from app.api.auth import Guard
from app.api.metrics import Measure, Requests
from app.api.routers import (
    audit,
    budgets,
    chargeback,
    closing,
    comments,
    costs,
    cross_check,
    drivers,
    explain,
    focus,
    fx,
    gateway,
    gpu,
    gpu_findings,
    gpu_jobs,
    gpu_samples,
    health,
    invoices,
    journal,
    keys,
    loads,
    login,
    metrics,
    sources,
    teams,
    whoami,
)

_NOUNS = (
    costs,
    drivers,
    explain,
    gateway,
    gpu,
    gpu_findings,
    gpu_jobs,
    gpu_samples,
    fx,
    chargeback,
    closing,
    comments,
    budgets,
    journal,
    focus,
    teams,
    sources,
    loads,
    cross_check,
    invoices,
    keys,
    audit,
    whoami,
    health,
)


def create_app() -> FastAPI:
    """Trueup as an ASGI application."""
    # Here, because Dash takes a second to import and only a server needs it.
    from frontend.app import attach  # noqa: PLC0415

    # Without the pages that show OpenAPI: they load their scripts from a CDN.
    api = FastAPI(
        title="Trueup",
        version="1",
        summary="What AI costs, who owes it, exact to the last digit.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    problems.install(api)
    for noun in _NOUNS:
        api.include_router(noun.router, prefix="/api/v1", responses=problems.DOCUMENTED)
    for door in (login, metrics, _nowhere()):
        api.include_router(door if isinstance(door, APIRouter) else door.router)
    attach(api)
    api.state.requests = Requests()
    # The layer added last is the outermost: what the guard refuses is counted too.
    api.add_middleware(Guard)
    api.add_middleware(Measure, requests=api.state.requests)
    return api


def _nowhere() -> APIRouter:
    """The last route of the API: without it, the dashboard would answer a mistyped path with a page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/api/{rest:path}")
    def nowhere(rest: str) -> None:
        raise HTTPException(404, f"The API has no /api/{rest}. /api/openapi.json lists what it has.")

    return router
