"""A CloudWatch of this machine (moto's server), and a CloudWatch agent that writes to it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest

from tests.ingest.aws.conftest import Moto, credentials, moto, moto_server

__all__ = ["credentials", "moto", "moto_server"]
REGION = "us-east-1"  # moto's clients' own
UTILISATION, USED, TOTAL, POWER = (
    f"nvidia_smi_{each}" for each in ("utilization_gpu", "memory_used", "memory_total", "power_draw")
)
Writes = Callable[..., None]


def board(instance: str = "i-0a", index: int = 0, **more: str) -> dict[str, str]:
    """The dimensions that the agent gives a board."""
    about = {
        "InstanceId": instance,
        "index": str(index),
        "name": "NVIDIA A10G",
        "arch": "Ampere",
        "host": "ip-10-0-0-7",
    }
    return {**about, **more}


def dimensions(of: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in of.items() if value]


@pytest.fixture
def writes(moto: Moto) -> Writes:
    """`writes(dimensions, moment, {metric: value})`, as the agent writes once a minute."""
    client: Any = moto.client("cloudwatch")

    def write(
        of: Mapping[str, str], moment: datetime, told: Mapping[str, float], *, namespace: str = "CWAgent"
    ) -> None:
        data = [
            {"MetricName": metric, "Dimensions": dimensions(of), "Timestamp": moment, "Value": value, "Unit": "None"}
            for metric, value in told.items()
        ]
        client.put_metric_data(Namespace=namespace, MetricData=data)

    return write
