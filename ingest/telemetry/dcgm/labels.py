"""What the labels of dcgm-exporter say: which board or MIG instance, on which node, and whose workload.

Labels differ by version (`Hostname` became `hostname`, `pod_name` became `pod`), by entity (NVLink rows say `gpu_uuid`
and `model_name`) and by what Prometheus did on the way (`exported_pod`).
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from app.domain.gpu.hour import Owner
from app.domain.gpu.sample import WHOLE_BOARD
from ingest.telemetry.unreadable import UnreadableRowError

Labels = Mapping[str, str]

_UUID = ("UUID", "uuid", "gpu_uuid")
_MODEL = ("modelName", "model_name")
_PROFILE = ("GPU_I_PROFILE", "dra_mig_profile")
# The node as Prometheus was told it comes before what the exporter calls its host: that is often its own pod's name.
_NODE = ("node", "kubernetes_node", "nodename")
_HOST = ("Hostname", "hostname")
_NAMESPACE, _POD, _CONTAINER = ("namespace", "pod_namespace"), ("pod", "pod_name"), ("container", "container_name")
_EXPORTED = "exported_"
# With `honor_labels: true` a board without a workload inherits the pod of the exporter that was scraped.
_EXPORTER_CONTAINERS = frozenset({"exporter", "dcgm-exporter", "nvidia-dcgm-exporter"})
_EXPORTER_POD = re.compile(r"(?:^|-)dcgm-exporter(?:-|$)")
_PORT = re.compile(r":\d+$")


@dataclass(frozen=True)
class Place:
    """The board, or the MIG instance of it, that a series is about."""

    gpu_uuid: str
    gpu_instance_id: int = WHOLE_BOARD
    mig_profile: str | None = None
    hostname: str | None = None
    model: str | None = None


def place(labels: Labels, *, node_label: str | None = None, hostname: str | None = None) -> Place:
    """Where a series was measured. `node_label` names the node before all other labels, `hostname` after them.

    Raises UnreadableRowError where no board is named.
    """
    gpu_uuid = _first(labels, _UUID)
    if gpu_uuid is None:
        raise UnreadableRowError("no label names the board (UUID)")
    instance = labels.get("GPU_I_ID")
    if instance is not None and not instance.isdecimal():
        raise UnreadableRowError(f"GPU_I_ID '{instance}' is no number")
    return Place(
        gpu_uuid,
        WHOLE_BOARD if instance is None else int(instance),
        _first(labels, _PROFILE),
        (labels.get(node_label) if node_label else None) or _node(labels) or hostname or _first(labels, _HOST),
        _first(labels, _MODEL),
    )


def exporter_pods(series: Iterable[Labels]) -> frozenset[str]:
    """The pods that were scraped: with `exported_pod` beside it, `pod` is the exporter's own."""
    return frozenset(labels["pod"] for labels in series if "pod" in labels and _EXPORTED + "pod" in labels)


def owner(labels: Labels, exporters: Collection[str] = ()) -> Owner | None:
    """Whose workload a series is of: a pod, a job, the claim of a pod; None for nobody's, or the exporter's own."""
    namespace, pod, container = _workload(labels, exporters)
    if pod is None and (claim := labels.get("dra_claim_name")):
        # An exporter that does not see pods still sees what was claimed by dynamic resource allocation.
        namespace, pod = labels.get("dra_claim_namespace", namespace), claim
    job_id = labels.get("hpc_job")
    if pod is None and job_id is None:
        return None
    return Owner(namespace=namespace, pod=pod, container=container, job_id=job_id)


def _workload(labels: Labels, exporters: Collection[str]) -> tuple[str | None, str | None, str | None]:
    exported = [_first(labels, [_EXPORTED + name for name in names]) for names in (_NAMESPACE, _POD, _CONTAINER)]
    if any(exported):
        return exported[0], exported[1], exported[2]
    namespace, pod, container = (_first(labels, names) for names in (_NAMESPACE, _POD, _CONTAINER))
    if container in _EXPORTER_CONTAINERS or (pod and (pod in exporters or _EXPORTER_POD.search(pod))):
        return None, None, None
    return namespace, pod, container


def _node(labels: Labels) -> str | None:
    """The node as a label of Prometheus or the exporter names it, unless what it names is the exporter's pod."""
    if node := _first(labels, _NODE):
        return node
    host = _first(labels, _HOST)
    if host and not _EXPORTER_POD.search(host):
        return host
    instance = labels.get("instance")
    return _PORT.sub("", instance) if instance else None


def _first(labels: Labels, names: Iterable[str]) -> str | None:
    return next((labels[name] for name in names if name in labels), None)
