"""GPU samples that are posted, by the agent or by anybody's own collector."""

from typing import Annotated

from fastapi import APIRouter, Body, Header, Query

from app.actions.telemetry import MOST_SAMPLES, post_samples
from app.api.deps import ViewerDep
from app.api.sample_schemas import SampleIn, SamplesTaken
from app.db.session import engine
from app.settings import settings

router = APIRouter(prefix="/gpu", tags=["gpu"])
SamplesIn = Annotated[list[SampleIn], Body(min_length=1, max_length=MOST_SAMPLES)]


@router.post("/samples")
def write_samples(
    viewer: ViewerDep,
    samples: SamplesIn,
    source: Annotated[str, Query(description="A source of kind samples; a new name adds it", examples=["agents"])],
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="The poster's own name for this post: under it, it counts once")
    ] = None,
) -> SamplesTaken:
    """Takes in samples, 10,000 at most: all of them, or none when one cannot be used. The same again change nothing.

    A source takes one post at a time; another one meanwhile is answered with 409, and may be sent again.
    """
    told = [each.model_dump(exclude_none=True) for each in samples]
    taken = post_samples(engine(), viewer, settings(), source, told, key=idempotency_key)
    return SamplesTaken(
        source=taken.source,
        unchanged=taken.unchanged,
        samples=len(samples),
        gpu_hours=taken.hours.facts,
        first_hour=taken.hours.first_hour,
        last_hour=taken.hours.last_hour,
    )
