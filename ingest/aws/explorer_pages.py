"""Answers of Cost Explorer, kept byte for byte, because each request costs USD 0.01 (AWS Cost Explorer pricing).

A month's pages lie in a cache below the data folder, under what was asked and as of when. They are asked for once, even
when the ingest fails after they were fetched; a pull that broke off goes on at the page it lacks.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from app.domain.period import next_month
from app.errors import BadInput
from ingest.aws.refusals import asking, storing
from ingest.files import Progress

METRICS = ("UnblendedCost", "AmortizedCost", "UsageQuantity")
DIMENSIONS = ("SERVICE", "LINKED_ACCOUNT")  # two are all that one request may group by
_WHAT = "AWS Cost Explorer"


def request(start: date, end: date) -> dict[str, Any]:
    """What is asked about the days from `start` up to, not including, `end`."""
    return {
        "TimePeriod": {"Start": str(start), "End": str(end)},
        "Granularity": "DAILY",
        "Metrics": list(METRICS),
        "GroupBy": [{"Type": "DIMENSION", "Key": name} for name in DIMENSIONS],
    }


@dataclass(frozen=True)
class Explorer:
    """Cost Explorer as one account sees it, behind a cache."""

    client: Any
    cache: Path
    account: str  # whose view it is: part of what a cached page answers

    def month(self, month: date, as_of: str, progress: Progress) -> list[bytes]:
        """All pages of a month `as_of` a day, from the cache where they are there. Pages of other days are dropped.

        Raises Unavailable or NotPermitted.
        """
        asked = request(month, next_month(month))
        folder = self.cache / _digest([self.account, asked])
        kept = folder / as_of
        with storing(str(kept)):
            for old in folder.glob("*"):
                if old != kept:
                    shutil.rmtree(old, ignore_errors=True)
            kept.mkdir(parents=True, exist_ok=True)
            try:
                return list(self._pages(asked, kept, progress))
            except _TokenLostError:
                shutil.rmtree(kept)
                kept.mkdir()
                return list(self._pages(asked, kept, progress))

    def _pages(self, asked: dict[str, Any], kept: Path, progress: Progress) -> Iterator[bytes]:
        token: str | None = None
        number = 1
        while token or number == 1:
            page = kept / f"page-{number:04}.json"
            if not page.exists():
                content = self._ask(asked | ({"NextPageToken": token} if token else {}))
                progress("download", len(content))
                draft = page.with_suffix(".part")
                draft.write_bytes(content)
                draft.rename(page)  # a page in the cache is a whole one
            content = page.read_bytes()
            yield content
            token, number = _next_token(content, page.name), number + 1

    def _ask(self, asked: dict[str, Any]) -> bytes:
        bodies: list[bytes] = []

        def listen(response_dict: dict[str, Any], **_: Any) -> None:
            bodies.append(response_dict["body"])

        event = "before-parse.cost-explorer.GetCostAndUsage"
        self.client.meta.events.register(event, listen)
        try:
            with asking(f"{_WHAT} ({asked['TimePeriod']['Start']} to {asked['TimePeriod']['End']})"):
                try:
                    self.client.get_cost_and_usage(**asked)
                except ClientError as error:
                    if error.response["Error"]["Code"] in {"InvalidNextTokenException", "RequestChangedException"}:
                        raise _TokenLostError from error
                    raise
        finally:
            self.client.meta.events.unregister(event, listen)
        return bodies[-1]  # those before it were tried again


class _TokenLostError(Exception):
    """The pages cannot go on where they broke off."""


def _next_token(content: bytes, name: str) -> str | None:
    try:
        token = json.loads(content).get("NextPageToken")
    except (ValueError, AttributeError) as error:
        raise BadInput(f"{_WHAT}: {name} is no JSON object ({error}). Check --endpoint-url.") from error
    return str(token) if token else None


def _digest(what: Any) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:32]
