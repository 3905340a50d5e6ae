"""The cheapest accelerator on which a workload would fit, by list prices."""

from datetime import date
from decimal import ROUND_UP, Decimal

from app.domain.gpu.catalogue import Accelerator, Catalogue
from app.domain.gpu.findings.rule import Smaller, WorkloadFacts
from app.domain.gpu.findings.rules import OVERSIZED_GPU

_MIB_PER_GB = Decimal(10**9) / Decimal(2**20)
_RATIO = Decimal("0.0001")


def smaller(catalogue: Catalogue, facts: WorkloadFacts, day: date) -> Smaller | None:
    """The cheapest accelerator with room for the workload's peak of memory and activity on `day`, if one is cheaper.

    Room is the peak times the rule's headroom, of memory and of dense 16-bit throughput. A workload on an accelerator
    without a list price, or whose peaks nobody measured, has none.
    """
    now = catalogue.accelerator(facts.accelerator)
    price = _price(catalogue, now, day)
    if now is None or price is None or facts.fb_used_mib_max is None or facts.activity_peak is None:
        return None
    room = Decimal(str(OVERSIZED_GPU.thresholds["memory_headroom"]))
    memory = room * Decimal(str(facts.fb_used_mib_max))
    speed = room * Decimal(str(facts.activity_peak)) * (now.fp16_dense_tflops or 0)
    priced = [
        (other_price, other.name)
        for other in catalogue.accelerators
        if other.kind == now.kind and other.vendor == now.vendor
        and (_memory(other) or 0) >= memory and now.fp16_dense_tflops and (other.fp16_dense_tflops or 0) >= speed
        and (other_price := _price(catalogue, other, day)) is not None and other_price < price
    ]  # fmt: skip
    if not priced:
        return None
    cheapest, name = min(priced)
    return Smaller(name, (cheapest / price).quantize(_RATIO, ROUND_UP))


def _price(catalogue: Catalogue, gpu: Accelerator | None, day: date) -> Decimal | None:
    """The lowest list price of an hour of one board."""
    if gpu is None:
        return None
    prices = [
        price.usd_per_hour / each.accelerators
        for each in catalogue.instances
        if each.accelerator == gpu.name and (price := each.list_price(day)) is not None
    ]
    return min(prices, default=None)


def _memory(gpu: Accelerator) -> Decimal | None:
    if gpu.fb_total_mib is not None:
        return Decimal(gpu.fb_total_mib)
    return None if gpu.memory_gb is None else gpu.memory_gb * _MIB_PER_GB
