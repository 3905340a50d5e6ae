"""The packaged catalogue, and a file of one's own before it."""

import re
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.db.gpu_catalogue import accelerator, gpu_catalogue, instance
from app.domain.gpu.catalogue import Accelerator
from app.domain.gpu.catalogue_yaml import catalogue_of
from app.domain.gpu.node_map import mapped_nodes
from app.errors import BadInput
from app.settings import settings

VALUES = [each.name for each in fields(Accelerator) if each.default is None]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("NVIDIA H100 80GB HBM3", "H100-SXM5-80GB"),
        ("NVIDIA A100-SXM4-80GB", "A100-SXM4-80GB"),
        ("A100-SXM4-40GB", "A100-SXM4-40GB"),
        ("nvidia  a100 80gb pcie", "A100-PCIe-80GB"),
        ("Tesla T4", "T4"),
        ("AMD Instinct MI300X", "MI300X"),
        ("H200-SXM-141GB", "H200-SXM-141GB"),
        ("GeForce RTX 4090", None),
        ("", None),
        (None, None),
    ],
)
def test_a_board_is_known_by_what_its_driver_calls_it(model: str | None, name: str | None) -> None:
    found = accelerator(model)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("USE1-BoxUsage:p5.48xlarge", "p5.48xlarge"),
        ("$55.04 per On Demand Linux p5.48xlarge Instance Hour", "p5.48xlarge"),
        ("USW2-Host:ml.g4dn.xlarge", "g4dn.xlarge"),
        ("Virtual Machines NCADSA100v4 Series - NC24ads A100 v4 - US East", "Standard_NC24ads_A100_v4"),
        ("a2-highgpu-8g on demand, by the hour", "a2-highgpu-8g"),
        ("BoxUsage:m5.xlarge", None),
        ("BoxUsage:xp5.48xlarge", None),
        ("D2s v3", None),
    ],
)
def test_an_instance_type_is_found_in_what_a_bill_says(text: str, name: str | None) -> None:
    found = gpu_catalogue().instance_in(text)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("meter", "name"),
    [
        ("Nvidia Tesla A100 GPU running in Americas", "A100-SXM4-40GB"),
        ("Nvidia Tesla A100 80GB GPU running in Iowa", "A100-SXM4-80GB"),
        ("Nvidia L4 GPU attached to Spot Preemptible VMs running in Iowa", "L4"),
        ("Nvidia L40 GPU running", None),
    ],
)
def test_the_longest_name_of_a_meter_tells_the_board(meter: str, name: str | None) -> None:
    found = gpu_catalogue().gpu_in(meter)
    assert (found.name if found else None) == name


def test_a_price_holds_on_its_days_and_in_its_region() -> None:
    p5 = instance("aws", "p5.48xlarge")
    assert p5 is not None

    def price(day: date, region: str | None = None) -> Decimal | None:
        found = p5.list_price(day, region)
        return found.usd_per_hour if found else None

    assert price(date(2025, 5, 31)) == Decimal("98.32")
    assert price(date(2025, 6, 1)) == Decimal("55.04")
    assert price(date(2026, 1, 1), "us-west-1") == Decimal("68.80")
    assert price(date(2026, 1, 1), "mars-1") == Decimal("55.04")
    assert instance("gcp", "p5.48xlarge") is None
    block = instance("aws", "p5e.48xlarge")
    assert block is not None
    assert block.list_price(date(2026, 1, 1)) is None


def test_the_packaged_catalogue_is_whole() -> None:
    found = gpu_catalogue()
    names = {gpu.name for gpu in found.accelerators}
    assert len(names) == len(found.accelerators) >= 25
    assert len({each.name for each in found.instances}) == len(found.instances) >= 95
    for gpu in found.accelerators:
        said = {name for name in VALUES if getattr(gpu, name) is not None}
        assert said == set(gpu.sources), gpu.name
        assert all(source.source for source in gpu.sources.values())
        assert (gpu.compute_slices is None) == (gpu.memory_slices is None)
    for each in found.instances:
        assert each.accelerator in names
        assert all(price.source.source for price in each.prices)
    slices = {gpu.name: (gpu.compute_slices, gpu.memory_slices) for gpu in found.accelerators}
    assert (slices["A100-SXM4-80GB"], slices["A30"], slices["L4"]) == ((7, 8), (4, 4), (None, None))


def test_a_fraction_of_a_board_shows_as_one() -> None:
    small, rack = instance("azure", "Standard_NV6ads_A10_v5"), instance("aws", "p6e-gb200.36xlarge")
    assert small
    assert small.accelerators == Decimal("0.1667")
    assert small.boards == 1
    assert rack
    assert rack.boards == 36


OWN = """
sources: {contract: our contract of 2026}
accelerators:
  - name: H100-SXM5-80GB
    idle_watts: [80, contract]
  - name: Gaudi 3
    vendor: Intel
    architecture: Gaudi
    driver_names: [HL-325L]
    memory_gb: [128, measured in our lab, unsure]
instances:
  - name: p5.48xlarge
    prices: [{region: us-east-1, usd_per_hour: 40, source: contract, from: 2026-01-01}]
  - {provider: onprem, name: gaudi-8, accelerator: Gaudi 3, accelerators: 8}
"""


def test_ones_own_file_goes_first_and_leaves_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(OWN)
    monkeypatch.setenv("TRUEUP_GPU_CATALOGUE", str(file))
    settings.cache_clear()
    try:
        h100, gaudi, p5 = accelerator("H100-SXM5-80GB"), accelerator("HL-325L"), instance("aws", "p5.48xlarge")
        assert h100
        assert (h100.idle_watts, h100.tdp_watts) == (80, 700)
        assert h100.sources["idle_watts"].source == "our contract of 2026"
        assert gaudi
        assert gaudi.memory_gb == 128
        assert gaudi.sources["memory_gb"].is_unsure
        assert p5
        assert p5.boards == 8
        price = p5.list_price(date(2026, 2, 1))
        assert price
        assert price.usd_per_hour == 40
        assert p5.list_price(date(2025, 12, 31)) is None
        assert instance(None, "gaudi-8") is not None
    finally:
        settings.cache_clear()


def test_everything_that_is_wrong_with_a_file_is_told_by_line() -> None:
    text = """
accelerators:
  - {vendor: NVIDIA}
  - {name: X, kind: toaster, tdp_watts: [lots, me], idle_watts: 70}
instances:
  - {name: new.type, accelerator: Nothing}
  - {name: p5.48xlarge, prices: [{region: us-east-1, usd_per_hour: -1, source: me, from: 2026-02-01, to: 2026-01-01}]}
"""
    with pytest.raises(BadInput) as refused:
        catalogue_of(text, "own.yaml", base=gpu_catalogue())
    told = str(refused.value)
    for part in (
        "line 3: an accelerator needs `name`",
        "line 4: `kind` of X must be one of gpu, tpu, neuron",
        "line 4: `tdp_watts` of X must be a number",
        "line 4: `idle_watts` of X must be a list",
        "line 6: new.type is new, so it needs `provider`",
        "line 6: there is no accelerator `Nothing`",
        "line 7: `usd_per_hour` of p5.48xlarge must be a number",
        "line 7: a price of p5.48xlarge ends before it has begun",
    ):
        assert part in told


@pytest.mark.parametrize(
    ("instance_type", "gpu", "boards", "price"),
    [
        ("p5.48xlarge", None, 8, "55.04"),
        ("p5e.48xlarge", "H200-SXM-141GB", 8, None),
        (None, "H100-SXM5-80GB", 4, "27.52"),
        (None, "Trainium1", 3, "4.03125"),  # 21.5 for sixteen
        (None, "GB200", 4, None),
        (None, None, 8, None),
    ],
)
def test_a_node_without_a_bill_has_a_list_price(
    instance_type: str | None, gpu: str | None, boards: int, price: str | None
) -> None:
    found = gpu_catalogue().node_price(date(2026, 3, 1), instance_type, gpu, boards)
    assert found == (Decimal(price) if price else None)


def test_the_guide_can_be_followed() -> None:
    guide = (Path(__file__).parents[4] / "docs" / "gpu-prices.md").read_text(encoding="utf-8")
    (own,) = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    found = catalogue_of(own, "own.yaml", base=gpu_catalogue())
    assert found.node_price(date(2026, 3, 1), "p5.48xlarge", None, 8) == Decimal("41.28")
    (nodes,) = re.findall(r"```csv\n(.*?)```", guide, re.DOTALL)
    assert [each.node for each in mapped_nodes(nodes, "nodes.csv")] == ["gpu01", "gpu01", "dgx-1"]
