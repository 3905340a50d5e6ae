"""How boards are divided into MIG slices, as the catalogue knows them."""

from fractions import Fraction
from functools import lru_cache

from app.db.gpu_catalogue import accelerator
from app.domain.gpu.mig import Slices


@lru_cache(maxsize=256)
def slices_of(model: str | None) -> Slices:
    """The slices of a board that a driver or the catalogue calls `model`; the usual ones where it says nothing."""
    known = accelerator(model)
    if known is None or not known.compute_slices or not known.memory_slices:
        return Slices()
    return Slices(known.compute_slices, known.memory_slices, Fraction(known.memory_gb) if known.memory_gb else None)
