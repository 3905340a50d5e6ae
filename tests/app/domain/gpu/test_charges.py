"""Which charges are for GPUs."""

from typing import Any

import pytest

from app.db.gpu_catalogue import gpu_catalogue
from app.domain.gpu.charges import CELLS, Meters, gpu_charges, named_charge, purchase_option
from app.domain.gpu.price import PurchaseOption


def key(**cells: Any) -> dict[str, Any]:
    usage = {"charge_category": "Usage", "service_provider_name": "AWS", "resource_id": "i-1", "consumed_unit": "Hours"}
    return {**dict.fromkeys(CELLS), **usage, **cells}


P5 = {"sku_meter": "BoxUsage:p5.48xlarge"}


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (P5, ("nodes", "H100-SXM5-80GB", 8)),
        ({"sku_price_details": {"InstanceType": "g5.xlarge"}}, ("nodes", "A10G", 1)),
        ({"sku_price_details": '{"x_GpuModel": "NVIDIA L4", "GpuCount": 2}'}, ("nodes", "L4", 2)),
        ({"sku_price_details": {"GpuCount": 4}}, ("nodes", None, 4)),
        ({"sku_price_details": {"GpuCount": "0"}}, None),
        ({"sku_meter": "Nvidia Tesla T4 GPU running", "consumed_unit": "seconds"}, ("boards", "T4", None)),
        ({"sku_meter": "Nvidia Tesla K80 GPU running"}, ("boards", None, None)),
        ({"charge_description": "NC24ads A100 v4 - US East"}, ("nodes", "A100-PCIe-80GB", 1)),
        ({"sku_meter": "SoftwareUsage:p5.48xlarge"}, ("neither", "H100-SXM5-80GB", 8)),
        ({**P5, "consumed_unit": None, "pricing_unit": "Hrs"}, ("nodes", "H100-SXM5-80GB", 8)),
        ({**P5, "consumed_unit": "GB"}, ("neither", "H100-SXM5-80GB", 8)),
        ({**P5, "charge_category": "Tax"}, None),
        ({**P5, "charge_category": "Credit"}, ("neither", "H100-SXM5-80GB", 8)),
        ({**P5, "charge_category": "Credit", "resource_id": None}, None),
        ({**P5, "charge_category": "Purchase", "commitment_discount_id": "ri-1"}, None),
        ({"sku_meter": "trn1.32xlarge"}, None),
        ({"sku_meter": "BoxUsage:m5.xlarge"}, None),
        ({"sku_meter": "Nvidia T4 GPU", "charge_category": "Adjustment", "resource_id": None}, None),
    ],
)  # fmt: skip
def test_a_charge_is_for_gpus_when_it_names_them(cells: dict[str, Any], told: tuple[Any, ...] | None) -> None:
    found = named_charge(key(**cells), gpu_catalogue())
    assert ((found.meters, found.accelerator, found.boards) if found else None) == told


def test_what_is_priced_by_time_on_the_same_resource_is_part_of_the_machine() -> None:
    keys = {
        "machine": key(**P5),
        "cores": key(sku_meter="Instance Core", consumed_unit="seconds"),
        "memory": key(sku_meter="Ram", pricing_unit="gibibyte hour", consumed_unit="byte-seconds", sku_id="ram"),
        "pod": key(sku_meter="EKS", allocated_resource_id="pod/1", consumed_unit=None),
        "traffic": key(sku_meter="DataTransfer-Out", consumed_unit="GB", sku_id="net"),
        "gift": key(charge_category="Credit", consumed_unit=None, sku_id="ram"),
        "gift of traffic": key(charge_category="Credit", consumed_unit=None, sku_id="net"),
        "tax": key(charge_category="Tax", consumed_unit=None),
        "another machine": key(resource_id="i-2"),
        "another provider's": key(service_provider_name="GCP"),
        "no machine": key(resource_id=None),
    }  # fmt: skip
    found = gpu_charges(keys, gpu_catalogue())
    assert set(found) == {"machine", "cores", "memory", "pod", "gift"}
    assert {found[name].meters for name in ("cores", "memory", "pod", "gift")} == {Meters.NEITHER}


def test_without_a_gpu_nothing_is_looked_for_beside() -> None:
    assert gpu_charges({1: key(resource_id=None), 2: key()}, gpu_catalogue()) == {}


@pytest.mark.parametrize(
    ("cells", "option"),
    [
        ({}, PurchaseOption.ON_DEMAND),
        ({"pricing_category": "Standard"}, PurchaseOption.ON_DEMAND),
        ({"pricing_category": "Dynamic"}, PurchaseOption.SPOT),
        ({"pricing_category": "Committed"}, PurchaseOption.COMMITTED),
        ({"commitment_discount_id": "sp-1"}, PurchaseOption.COMMITTED),
        ({"sku_meter": "USE2-CapacityBlock:p5.48xlarge"}, PurchaseOption.CAPACITY_BLOCK),
        ({"charge_description": "A Capacity Block", "pricing_category": "Committed"}, PurchaseOption.CAPACITY_BLOCK),
        ({"service_name": "Owned GPU machines"}, PurchaseOption.OWNED),
    ],
)  # fmt: skip
def test_how_gpu_time_was_bought(cells: dict[str, Any], option: PurchaseOption) -> None:
    assert purchase_option(key(**cells)) is option


def test_a_plan_for_a_family_of_machines_is_for_its_gpus() -> None:
    unused = {"commitment_discount_id": "sp-1", "commitment_discount_status": "Unused", "consumed_unit": None}
    found = named_charge(key(sku_meter="USE1-EC2SP:p5.1yrNoUpfront", **unused), gpu_catalogue())
    assert found
    assert found.is_unused_commitment
    assert found.accelerator == "H100-SXM5-80GB"
    assert found.meters is Meters.NEITHER
    assert named_charge(key(sku_meter="ComputeSP:1yrNoUpfront", **unused), gpu_catalogue()) is None
    assert named_charge(key(sku_meter="USE1-EC2SP:m5.1yrNoUpfront", **unused), gpu_catalogue()) is None
