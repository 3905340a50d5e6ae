"""The catalogue of GPUs in force: the packaged one, under the file that TRUEUP_GPU_CATALOGUE names."""

from functools import cache
from importlib import resources
from pathlib import Path

from app.domain.gpu.catalogue import Accelerator, Catalogue, GpuInstance
from app.domain.gpu.catalogue_yaml import catalogue_of, packaged_catalogue
from app.errors import BadInput
from app.settings import settings


def gpu_catalogue() -> Catalogue:
    """The catalogue of this process. Raises BadInput when the file of one's own cannot be read."""
    return _catalogue(settings().gpu_catalogue)


@cache
def _catalogue(own: Path | None) -> Catalogue:
    packaged = resources.files("app.domain.gpu").joinpath("catalogue.yaml").read_text(encoding="utf-8")
    found = packaged_catalogue(packaged)
    return catalogue_of(_text_of(own), own.name, base=found) if own else found


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read ({error}). Check TRUEUP_GPU_CATALOGUE.") from error


def accelerator(model_name: str | None) -> Accelerator | None:
    """The accelerator that a driver or an exporter calls `model_name`; None for one that is not in the catalogue."""
    return gpu_catalogue().accelerator(model_name)


def instance(provider: str | None, instance_type: str | None) -> GpuInstance | None:
    """The instance type of that name with accelerators; None for others."""
    return gpu_catalogue().instance(provider, instance_type)
