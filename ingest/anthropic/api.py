"""Anthropic's organization APIs: what they offer of each month, and whether our key may ask.

Sources: Claude Platform docs, "Usage and Cost Analytics API" (beta) and "Usage and Cost API" (legacy); the types of the
official Python SDK (2.13), whose headers the analytics API gets.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.domain.period import Period
from app.errors import NotFound, NotPermitted, TrueupError
from ingest.anthropic.settings import KEY, AnthropicSettings, Api
from ingest.http import Page, Params, Service, pages, service
from ingest.kind import Access, Offer, Window
from ingest.monthly import asked_until, month_offer, months, next_page

REMEDY = (
    f"{KEY} must hold an admin key (sk-ant-admin…) that is not expired: an organization admin makes one in the Claude"
    " Console under Settings, Admin keys. Keys of a workspace cannot read the organization's costs."
)
# Analytics answers for at most 365 days back and not before 2026.
ANALYTICS_BEGINS, ANALYTICS_REACHES = date(2026, 1, 1), timedelta(days=365)
_DAYS = 31  # buckets of a day in a page of the legacy reports, and the longest range of both APIs
_ROWS = 1000  # in a page of the analytics API
_Asked = list[tuple[str, str | int]]
_LEGACY_COST = ("workspace_id", "description")
_LEGACY_USAGE = ("workspace_id", "api_key_id", "model", "service_tier", "context_window", "inference_geo")


def offers(settings: AnthropicSettings, window: Window) -> Iterator[Offer]:
    """The months of `window` in which something was charged. Raises what `ingest.http.Service.get` raises."""
    for month in months(window):
        until = asked_until(month, window.today)
        report, costs = _costs(settings, month.start, until, window.today)

        def usage(
            report: _Report = report, month: Period = month, until: date = until
        ) -> Iterator[tuple[str, Iterator[Page]]]:
            with _api(settings, report) as api:
                yield "", report.usage(api, month.start, until)

        offer = month_offer("Anthropic", month, window.today, costs, usage)
        if offer:
            yield offer


def check(settings: AnthropicSettings) -> Iterator[Access]:
    """Whether the key may read costs and usage."""
    today = datetime.now(UTC).date()
    yesterday = today - timedelta(days=1)
    try:
        report, _ = _costs(settings, yesterday, today, today)
        yield Access(ok=True, message=f"Anthropic lets us read organizations/{report.cost_path}")
        with _api(settings, report) as api:
            next(report.usage(api, yesterday, today), None)
        yield Access(ok=True, message=f"Anthropic lets us read organizations/{report.usage_path}")
    except TrueupError as error:
        yield Access(ok=False, message=str(error))


@dataclass(frozen=True)
class _Report:
    """One of the two APIs, and how it is asked about the days from `start` up to `end`."""

    api: Api
    cost_path: str
    cost_asked: _Asked
    usage_path: str
    usage_asked: _Asked

    def costs(self, api: Service, start: date, end: date) -> Iterator[Page]:
        """The pages of what was charged."""
        return pages(api, f"organizations/{self.cost_path}", _params(start, end, self.cost_asked), cursor=next_page)

    def usage(self, api: Service, start: date, end: date) -> Iterator[Page]:
        """The pages of what was used."""
        return pages(api, f"organizations/{self.usage_path}", _params(start, end, self.usage_asked), cursor=next_page)


def _costs(settings: AnthropicSettings, start: date, end: date, today: date) -> tuple[_Report, list[Page]]:
    """What was charged, and the API that said so. `auto` asks the legacy reports where analytics is not there."""
    reaches = start >= max(ANALYTICS_BEGINS, today - ANALYTICS_REACHES)
    if settings.api is Api.ANALYTICS or (settings.api is Api.AUTO and reaches):
        report = _analytics(settings)
        try:
            with _api(settings, report) as api:
                return report, list(report.costs(api, start, end))
        except NotFound:
            if settings.api is Api.ANALYTICS:
                raise
    with _api(settings, _LEGACY) as api:
        return _LEGACY, list(_LEGACY.costs(api, start, end))


def _analytics(settings: AnthropicSettings) -> _Report:
    # By time, not by amount, so that a day that still grows does not move rows from one page to another.
    asked: _Asked = [("time_bucket_width", "1d"), ("limit", _ROWS), ("order_by", "time"), ("order", "asc")]
    groups = _groups(settings.group_by)
    kinds = _groups(("cost_type", "token_type"))
    return _Report(Api.ANALYTICS, "analytics/cost", [*asked, *groups, *kinds], "analytics/usage", [*asked, *groups])


def _groups(names: Sequence[str]) -> _Asked:
    return [("group_by[]", name) for name in names]


_DAILY: _Asked = [("bucket_width", "1d"), ("limit", _DAYS)]
_LEGACY = _Report(
    Api.LEGACY,
    "cost_report",
    [*_DAILY, *_groups(_LEGACY_COST)],
    "usage_report/messages",
    [*_DAILY, *_groups(_LEGACY_USAGE)],
)


def _params(start: date, end: date, asked: _Asked) -> Params:
    return [("starting_at", f"{start}T00:00:00Z"), ("ending_at", f"{end}T00:00:00Z"), *asked]


def _api(settings: AnthropicSettings, report: _Report) -> AbstractContextManager[Service]:
    key = os.environ.get(KEY, "").strip()
    if not key:
        raise NotPermitted(f"The environment has no {KEY}. {REMEDY}")
    headers = (
        {
            "Authorization": f"Bearer {key}",
            "anthropic-version": "2026-10-21",
            "anthropic-beta": "analytics-usage-cost-2026-08-24",
        }
        if report.api is Api.ANALYTICS
        else {"x-api-key": key, "anthropic-version": "2023-06-01"}
    )
    return service("Anthropic", settings.base_url, remedy=REMEDY, headers=headers)
