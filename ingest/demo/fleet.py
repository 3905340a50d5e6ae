"""Short ways to say what a provider file says often: a tagged resource, a fleet of alike nodes, a machine on offer."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from ingest.demo.curves import Curve
from ingest.demo.estate import Workload
from ingest.demo.offer import Offer, Resource, Service
from ingest.demo.when import When

HOURS_A_DAY = Decimal(24)


def tags(team: str, project: str, env: str = "prod") -> Mapping[str, str]:
    """The three tags the company asks for on everything."""
    return {"team": team, "env": env, "project": project}


def machine(service: Service, instance_type: str, price: str, *, gpus: int = 0, gpu: str = "") -> Offer:
    """An instance type by the hour, with its GPUs where it has any."""
    gpu_details = {"GpuCount": str(gpus), "x_GpuModel": gpu} if gpus else {}
    return Offer(
        sku_id=f"compute:{instance_type}",
        service=service,
        meter=f"{instance_type} on demand, by the hour",
        unit="Hours",
        list_unit_price=Decimal(price),
        details={"InstanceType": instance_type, **gpu_details},
    )


def metered(service: Service, sku: str, meter: str, unit: str, price: str) -> Offer:
    """Anything that is sold by quantity: storage, traffic, requests, log lines."""
    return Offer(sku_id=sku, service=service, meter=meter, unit=unit, list_unit_price=Decimal(price))


def fleet(
    node: Callable[[int], Resource], size: Curve, *, most: int, slack: str = "0.02", spot: bool = False
) -> tuple[Workload, ...]:
    """Up to `most` alike nodes that run `size` nodes a day together: the first all day, the last for part of it."""
    return tuple(
        Workload(node(number), _hours_of_node(number, size), Decimal(slack), is_spot=spot) for number in range(most)
    )


def single(resource: Resource, daily: Curve, *, slack: str = "0.1") -> Workload:
    """One resource with a daily quantity of its own."""
    return Workload(resource, daily, Decimal(slack))


def _hours_of_node(number: int, size: Curve) -> Curve:
    def hours(when: When) -> Decimal:
        return min(max(size(when) - number, Decimal(0)), Decimal(1)) * HOURS_A_DAY

    return hours
