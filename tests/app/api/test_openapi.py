"""The API keeps the promises of its OpenAPI document, whatever it is asked."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy.orm import Session

from app.api.deps import reading, writing
from app.db.session import engine, forget_engine
from app.settings import settings as trueup_settings

pytestmark = pytest.mark.slow


@pytest.fixture
def promises(
    server: FastAPI, session: Session, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BaseSchema]:
    monkeypatch.setenv("TRUEUP_ALLOWED_HOSTS", "testserver")
    monkeypatch.setenv("TRUEUP_DATABASE_URL", database_url)  # for previews, which have a transaction of their own
    trueup_settings.cache_clear()
    forget_engine()
    server.dependency_overrides = {reading: lambda: session, writing: lambda: session}
    # A file's path is its report's path with an ending: the same function, asked once. Health asks the real database.
    yield (
        schemathesis.openapi.from_asgi("/api/openapi.json", server)
        .exclude(path_regex=r"\.(csv|xlsx|parquet)$")
        .exclude(path_regex="/health/")
    )
    server.dependency_overrides = {}
    engine().dispose()
    trueup_settings.cache_clear()
    forget_engine()


def test_every_answer_is_one_the_document_allows(promises: BaseSchema) -> None:
    # A schema cannot say that start comes before end, or which dimensions there are: such questions are refused.
    for found in promises.get_all_operations():
        assert isinstance(found, Ok), f"the document is broken: {found}"
        operation = found.ok()

        @settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def keeps_its_promises(case: Case[Any]) -> None:
            case.call_and_validate(excluded_checks=[positive_data_acceptance])

        keeps_its_promises()
