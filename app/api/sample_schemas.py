"""The shapes of GPU samples that are posted, and of what becomes of them."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from app.domain.gpu.sample import EARLIEST, LATEST, SAMPLE_COLUMNS, WHOLE_BOARD

_COLUMNS = {column.name: column for column in SAMPLE_COLUMNS}
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=512)] | None


def _number(name: str, meaning: str = "") -> float | None:
    """A field that may be left out, with the unit and the limits of the column of samples."""
    column = _COLUMNS[name]
    said = ", ".join(part for part in (column.unit, meaning) if part)
    found: float | None = Field(None, ge=column.least, le=column.most, allow_inf_nan=False, description=said or None)
    return found


class SampleIn(BaseModel):
    """What a board, or a MIG instance of it, said at one moment."""

    model_config = ConfigDict(extra="forbid")

    timestamp: AwareDatetime = Field(
        ge=EARLIEST,
        lt=LATEST,
        description=f"ISO 8601, with its zone; from {EARLIEST:%Y} to before {LATEST:%Y}",
        examples=["2026-03-02T12:00:15Z"],
    )
    gpu_uuid: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=512)] = Field(
        examples=["GPU-5ca1ab1e-0000-4000-8000-000000000001"]
    )
    gpu_instance_id: int = Field(WHOLE_BOARD, ge=WHOLE_BOARD, le=127, description="of MIG; -1: the whole board")
    mig_profile: Label = None
    hostname: Label = None
    model: Label = Field(None, description="as the driver names it")
    gpu_util_percent: float | None = _number("gpu_util_percent")
    sm_active_ratio: float | None = _number("sm_active_ratio")
    gr_engine_active_ratio: float | None = _number("gr_engine_active_ratio")
    tensor_active_ratio: float | None = _number("tensor_active_ratio")
    dram_active_ratio: float | None = _number("dram_active_ratio")
    fb_used_mib: float | None = _number("fb_used_mib")
    fb_total_mib: float | None = _number("fb_total_mib")
    power_watts: float | None = _number("power_watts", "of the whole board")
    energy_mj: float | None = _number("energy_mj", "a counter of the whole board since the driver was loaded")
    xid: int | None = Field(None, ge=0, le=100_000, description="the last error code; 0: none")
    namespace: Label = None
    pod: Label = None
    container: Label = None
    job_id: Label = None
    user_name: Label = None
    account: Label = None
    team: Label = None


class SamplesTaken(BaseModel):
    """What became of the samples of a post."""

    source: str
    unchanged: bool = Field(description="whether these very samples were there already")
    samples: int
    gpu_hours: int = Field(description="hourly facts that were made or made again")
    first_hour: datetime | None
    last_hour: datetime | None
