"""Owned GPUs: a YAML rate card of hardware, colocation and power that becomes FOCUS rows, month by month."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, model_validator

from app.domain.period import Period, next_month
from app.errors import BadInput
from ingest.delivery import OpenDelivery, open_rows
from ingest.files import Progress
from ingest.kind import Access, Kind, Offer, Opening, SourceSettings, Window
from ingest.rate_card.card import RateCard
from ingest.rate_card.document import parse_card
from ingest.rate_card.rows import COLUMNS, rows
from ingest.staging import stage_rows
from ingest.yaml_document import text_of, with_text

SUFFIXES = (".yaml", ".yml")
_ANY_MONTH = 1200  # every month of a card is offered: one that did not change is not loaded again
_SPAN = re.compile(
    r"^(from|through)\s*:.*\n?", re.MULTILINE
)  # a key of the document itself: what is nested is indented


class RateCardSettings(SourceSettings):
    """Where the rate card is and up to which month it counts."""

    fetched_from: ClassVar[str | None] = "card_text"

    card: Path | None = Field(None, description="the YAML file of the rate card; the source keeps its content")
    card_text: str | None = Field(None, description="the content of the rate card, read from --card")
    through: str | None = Field(
        None, pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="the last month to count, YYYY-MM; else last month"
    )

    @model_validator(mode="before")
    @classmethod
    def _keep_text(cls, data: Any) -> Any:
        return with_text(data, path_field="card", text_field="card_text")

    @model_validator(mode="after")
    def _readable(self) -> "RateCardSettings":
        if self.card_text is not None:
            parse_card(self.card_text)
        return self


def open_cards(opening: Opening) -> OpenDelivery:
    """Opens rate cards. Raises BadInput, with the line, for one that cannot be used or does not say up to when."""
    staged = []
    for file in opening.files:
        card = parse_card(text_of(file.path), file.name)
        if card.end is None:
            raise BadInput(f"{file.name}: add `through: YYYY-MM`, the last month that the card shall make rows for.")
        every = (row for month in card.months for row in rows(card, month))
        staged.append(stage_rows(file, every, COLUMNS, opening.scratch))
    return open_rows(opening.backend, staged, version="rate card 1", key_extras=opening.settings.key_extras)


def offers(settings: RateCardSettings, window: Window) -> Iterator[Offer]:
    """A delivery for each month of the card up to the last full one, or the one it names."""
    text = settings.card_text
    if text is None:
        raise BadInput("The source has no rate card. Add it with --card FILE.")
    card = parse_card(text)
    ends = [window.end, card.end or window.today.replace(day=1)]
    if settings.through:
        ends[1] = next_month(Period.parse_month(settings.through).start)
    for month in replace(card, end=min(ends)).months:
        version = _version(card, month)
        if month >= window.start and version:
            label = f"the rate card of {month:%Y-%m}"
            yield Offer(f"{month:%Y-%m}", version, label, partial(_write, text, f"{month:%Y-%m}"))


def check(settings: RateCardSettings) -> Iterator[Access]:
    """Whether the card is there and says something."""
    if settings.card_text is None:
        yield Access(ok=False, message="There is no rate card. Add it with --card FILE.")
        return
    machines = parse_card(settings.card_text).machines
    yield Access(ok=True, message=f"The rate card has {len(machines)} machines.")


def _version(card: RateCard, month: date) -> str | None:
    """A digest of the rows of a month; None where there are none. A machine bought later leaves it as it was."""
    sha, some = hashlib.sha256(), False
    for row in rows(card, month):
        sha.update(json.dumps(row, sort_keys=True).encode())
        some = True
    return sha.hexdigest() if some else None


def _write(text: str, month: str, folder: Path, progress: Progress) -> Sequence[Path]:
    """The card as a file that makes the rows of one month and of no other."""
    target = folder / f"rate-card-{month}.yaml"
    content = f"{_SPAN.sub('', text).rstrip()}\nfrom: {month}\nthrough: {month}\n".encode()
    target.write_bytes(content)
    progress("download", len(content))
    return [target]


KIND = Kind(
    "rate-card",
    "GPUs that you own: a YAML rate card of hardware, colocation and power",
    open_cards,
    settings=RateCardSettings,
    suffixes=SUFFIXES,
    offers=offers,
    check=check,
    trailing_months=_ANY_MONTH,
    cadence_minutes=1440,
)
