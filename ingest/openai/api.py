"""OpenAI's organization API: what it offers of each month, and whether our key may ask.

Sources: OpenAI API reference, Administration, "Costs" and "Usage"; the types of the official Python SDK (3.57).
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from app.domain.period import Period
from app.errors import NotFound, NotPermitted, TrueupError
from ingest.http import Page, Params, Service, pages, service
from ingest.kind import Access, Offer, Window
from ingest.monthly import asked_until, month_offer, months, next_page
from ingest.openai.settings import KEY, OpenAISettings

REMEDY = (
    f"{KEY} must hold an admin key (sk-admin-…) that is not expired and may read usage: an organization owner makes one"
    " under Settings, Organization, Admin keys."
)
_LIMIT = 31  # days in a page: the most that usage allows for buckets of a day, and a whole month
# What each usage endpoint can be grouped by, as finely as it goes.
_BY_MODEL = ("project_id", "user_id", "api_key_id", "model")
USAGE = {
    "completions": (*_BY_MODEL, "batch", "service_tier"),
    "embeddings": _BY_MODEL,
    "moderations": _BY_MODEL,
    "images": (*_BY_MODEL, "size", "source"),
    "audio_speeches": _BY_MODEL,
    "audio_transcriptions": _BY_MODEL,
    "vector_stores": ("project_id",),
    "code_interpreter_sessions": ("project_id",),
    "file_search_calls": ("project_id", "user_id", "api_key_id", "vector_store_id"),
    "web_search_calls": (*_BY_MODEL, "context_level"),
}


def offers(settings: OpenAISettings, window: Window) -> Iterator[Offer]:
    """The months of `window` in which something was charged. Raises what `ingest.http.Service.get` raises."""
    for month in months(window):
        until = asked_until(month, window.today)

        def usage(month: Period = month, until: date = until) -> Iterator[tuple[str, Iterator[Page]]]:
            with _api(settings) as api:
                for what in USAGE:
                    yield f".{what}", _usage(api, what, month.start, until)

        with _api(settings) as api:
            costs = list(pages(api, "organization/costs", _params(month.start, until, COSTS), cursor=next_page))
        offer = month_offer("OpenAI", month, window.today, costs, usage)
        if offer:
            yield offer


COSTS = ("project_id", "line_item", "api_key_id")


def check(settings: OpenAISettings) -> Iterator[Access]:
    """Whether the key may read costs and usage."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    for what in ("costs", "usage/completions"):
        try:
            with _api(settings) as api:
                api.get(f"organization/{what}", _params(yesterday, yesterday + timedelta(days=1), ()))
        except TrueupError as error:
            yield Access(ok=False, message=str(error))
        else:
            yield Access(ok=True, message=f"OpenAI lets us read organization/{what}")


def _usage(api: Service, what: str, start: date, end: date) -> Iterator[Page]:
    """The pages of what was used; none where OpenAI has no such endpoint for the organization."""
    try:
        yield from pages(api, f"organization/usage/{what}", _params(start, end, USAGE[what]), cursor=next_page)
    except NotFound:
        return


def _params(start: date, end: date, group_by: tuple[str, ...]) -> Params:
    asked: list[tuple[str, Any]] = [("start_time", _unix(start)), ("end_time", _unix(end))]
    asked += [("bucket_width", "1d"), ("limit", _LIMIT)]
    return [*asked, *(("group_by[]", name) for name in group_by)]


def _unix(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def _api(settings: OpenAISettings) -> AbstractContextManager[Service]:
    key = os.environ.get(KEY, "").strip()
    if not key:
        raise NotPermitted(f"The environment has no {KEY}. {REMEDY}")
    return service("OpenAI", settings.base_url, remedy=REMEDY, headers={"Authorization": f"Bearer {key}"})
