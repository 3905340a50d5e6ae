"""Which charges of a bill are for GPUs, and what each says of the machine.

A charge is for GPUs when it names an instance type of the catalogue that has them, or a GPU, or says how many there
are; and so is everything else that is priced by time on the same resource: GCP bills the GPU, the cores and the memory
of a machine apart, AWS may split an instance among its pods. A machine's traffic is not: it would change the price of
an hour. Taxes and support never are, nor what buys a commitment: its cost is in the hours that it covers, or in those
that it leaves unused.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeVar

from app.domain.gpu.catalogue import Accelerator, Catalogue, GpuInstance
from app.domain.gpu.metered_hours import hours_in, is_by_time
from app.domain.gpu.price import PurchaseOption

Cells = Mapping[str, Any]  # of a charge key, by column; `sku_price_details` as an object or as JSON
Key = TypeVar("Key")
CELLS = (
    "charge_category",
    "service_provider_name",
    "service_name",
    "pricing_category",
    "pricing_unit",
    "consumed_unit",
    "resource_id",
    "resource_name",
    "sku_id",
    "sku_meter",
    "sub_account_id",
    "charge_description",
    "commitment_discount_id",
    "commitment_discount_status",
    "capacity_reservation_status",
    "allocated_resource_id",
    "sku_price_details",
)
OWNED_SERVICE = "Owned GPU machines"  # of rate cards (ingest.rate_card)
_GIVEN = frozenset({"Credit", "Adjustment"})
_GPU = re.compile(r"\b(?:nvidia|amd instinct)\b.*\bgpus?\b|\bgpus?\b.*\bnvidia\b", re.IGNORECASE)
_BLOCK = re.compile(r"capacity[ -]?block", re.IGNORECASE)
_FAMILY = re.compile(r"EC2SP:(?P<family>[a-z0-9-]+)\.", re.IGNORECASE)  # AWS' meter of a plan for one family
_BESIDE = re.compile(r"software ?usage|ebsoptimized", re.IGNORECASE)  # the machine's hours again, for something else


class Meters(StrEnum):
    """Whose time a charge meters."""

    NODES = "nodes"
    BOARDS = "boards"
    NEITHER = "neither"


@dataclass(frozen=True)
class GpuCharge:
    """What a charge key says of the GPUs that it is for."""

    meters: Meters
    purchase_option: PurchaseOption
    is_unused_commitment: bool
    accelerator: str | None = None  # the catalogue's name
    boards: int | None = None  # of one machine


def gpu_charges(keys: Mapping[Key, Cells], catalogue: Catalogue) -> dict[Key, GpuCharge]:
    """Those of the charge `keys` that are for GPUs."""
    found = {key: charge for key, cells in keys.items() if (charge := named_charge(cells, catalogue))}
    resources = {_resource(keys[key]) for key in found if keys[key]["resource_id"]}
    if not resources:
        return found
    beside = {key: cells for key, cells in keys.items() if key not in found and _resource(cells) in resources}
    found |= {key: beside_charge(cells) for key, cells in beside.items() if _is_beside(cells)}
    priced = {(_resource(keys[key]), keys[key]["sku_id"]) for key in found}
    given = {
        key: beside_charge(cells)
        for key, cells in beside.items()
        if cells["charge_category"] in _GIVEN and (_resource(cells), cells["sku_id"]) in priced
    }
    return found | given


def named_charge(cells: Cells, catalogue: Catalogue) -> GpuCharge | None:
    """What a charge says that names GPUs itself; None for others."""
    if not _may_count(cells):
        return None
    meter, details = cells["sku_meter"], _details(cells["sku_price_details"])
    instance = _instance(details, meter, cells["charge_description"], catalogue)
    gpu = catalogue.accelerator(instance.accelerator) if instance else _gpu(details, meter, cells, catalogue)
    count = _count(details)
    if (gpu and gpu.kind != "gpu") or not (gpu or instance or count or _names_gpu(meter, cells)):
        return None
    return GpuCharge(
        meters=_meters(cells, by_machine=instance is not None or count is not None),
        purchase_option=purchase_option(cells),
        is_unused_commitment=is_unused(cells),
        accelerator=gpu.name if gpu else None,
        boards=count or (instance.boards if instance else None),
    )


def beside_charge(cells: Cells) -> GpuCharge:
    """A charge of a machine with GPUs that does not name them itself."""
    return GpuCharge(Meters.NEITHER, purchase_option(cells), is_unused(cells))


def purchase_option(cells: Cells) -> PurchaseOption:
    """How what the charge is for was bought."""
    if cells["service_name"] == OWNED_SERVICE:
        return PurchaseOption.OWNED
    if any(_BLOCK.search(cells[name] or "") for name in ("sku_meter", "charge_description")):
        return PurchaseOption.CAPACITY_BLOCK
    if cells["pricing_category"] == "Committed" or cells["commitment_discount_id"]:
        return PurchaseOption.COMMITTED
    return PurchaseOption.SPOT if cells["pricing_category"] == "Dynamic" else PurchaseOption.ON_DEMAND


def hours_per_unit(cells: Cells, charge: GpuCharge) -> tuple[Fraction | None, Fraction | None]:
    """What a consumed and a priced unit come to in hours of what the charge meters: one of the two, or neither."""
    if charge.meters is Meters.NEITHER:
        return None, None
    consumed = hours_in(cells["consumed_unit"])
    return consumed, None if consumed else hours_in(cells["pricing_unit"])


def is_unused(cells: Cells) -> bool:
    """Whether it is what was paid for a commitment or a reservation, and not used."""
    return "Unused" in {cells["commitment_discount_status"], cells["capacity_reservation_status"]}


def _resource(cells: Cells) -> tuple[str | None, str | None]:
    return cells["service_provider_name"], cells["resource_id"]


def _may_count(cells: Cells) -> bool:
    category = cells["charge_category"]
    if category == "Purchase":  # of capacity that is no commitment: its cost is nowhere else
        return not cells["commitment_discount_id"] and cells["service_name"] != OWNED_SERVICE
    return category in {None, "Usage"} or (category in _GIVEN and bool(cells["resource_id"]))


def _is_beside(cells: Cells) -> bool:
    if cells["charge_category"] not in {None, "Usage"}:
        return False
    return (
        bool(cells["allocated_resource_id"])
        or is_by_time(cells["pricing_unit"], cells["consumed_unit"])
        or (cells["service_name"] == OWNED_SERVICE)
    )


def _instance(
    details: Mapping[str, str], meter: str | None, description: str | None, catalogue: Catalogue
) -> GpuInstance | None:
    told = (details.get("instancetype"), details.get("servicetype"), meter, description)
    named = next((found for text in told if text and (found := catalogue.instance_in(text))), None)
    if named is None and meter and (plan := _FAMILY.search(meter)):
        return catalogue.of_family(plan["family"])
    return named


def _gpu(details: Mapping[str, str], meter: str | None, cells: Cells, catalogue: Catalogue) -> Accelerator | None:
    if model := details.get("gpumodel") or (cells["sku_id"] if cells["service_name"] == OWNED_SERVICE else None):
        return catalogue.accelerator(model)
    named = (text for text in (meter, cells["charge_description"]) if text and _says_gpu(text))
    return next((found for text in named if (found := catalogue.gpu_in(text))), None)


def _names_gpu(meter: str | None, cells: Cells) -> bool:
    return any(text and _says_gpu(text) for text in (meter, cells["charge_description"]))


@lru_cache(maxsize=1 << 16)
def _says_gpu(text: str) -> bool:
    return _GPU.search(text) is not None


def _meters(cells: Cells, *, by_machine: bool) -> Meters:
    unit = cells["consumed_unit"] or cells["pricing_unit"]
    if hours_in(unit) is None or cells["allocated_resource_id"] or _BESIDE.search(cells["sku_meter"] or ""):
        return Meters.NEITHER
    if cells["charge_category"] in _GIVEN or is_unused(cells):
        return Meters.NEITHER
    return Meters.NODES if by_machine and "gpu" not in unit.casefold() else Meters.BOARDS


def _count(details: Mapping[str, str]) -> int | None:
    text = details.get("gpucount", "")
    return int(text) or None if text.isdecimal() else None


def _details(raw: Any) -> Mapping[str, str]:
    """The details of a SKU price by their names in small letters, without the `x_` of those that FOCUS lacks."""
    if isinstance(raw, str):
        return _parsed(raw)
    return _named(raw) if isinstance(raw, Mapping) else {}


@lru_cache(maxsize=1 << 14)
def _parsed(raw: str) -> Mapping[str, str]:
    found = json.loads(raw)
    return _named(found) if isinstance(found, dict) else {}


def _named(pairs: Mapping[str, Any]) -> Mapping[str, str]:
    names: Iterable[tuple[str, Any]] = ((name.casefold().removeprefix("x_"), value) for name, value in pairs.items())
    return {name: str(value) for name, value in names}
