"""How many GPUs a job has, from Slurm's trackable resources."""

import re

from ingest.telemetry.unreadable import UnreadableRowError

# `gres/gpu=8` and `gres/gpu:a100=8` in TRES; `gpu:8` and `gpu:a100:8(S:0-1)` in GRES, which counts for each node.
_TRES = re.compile(r"gres/gpu(?::(?P<type>[^=,]+))?=(?P<count>\d+)$")
_GRES = re.compile(r"(?:gres[/:])?gpu(?::(?P<type>[^:(=,]*[^:(=,\d][^:(=,]*))?(?:[:=](?P<count>\d+))?(?:\(.*\))?$")


def gpus_in_tres(tres: str, *, nodes: int) -> int:
    """The GPUs of all `nodes` of a job together, in AllocTRES, ReqTRES or the older AllocGRES.

    A total and a count by type often stand side by side and mean the same boards: the total is used, and the sum of
    the types only where there is no total. Raises UnreadableRowError when a count of GPUs cannot be read.
    """
    total, typed, per_node = None, 0, 0
    for part in filter(None, (part.strip() for part in _split(tres))):
        if found := _TRES.match(part):
            count = int(found["count"])
            total, typed = (total, typed + count) if found["type"] else (count, typed)
        elif _is_gpu(part):
            per_node += gpus_in_gres(part)
    if total is not None:
        return total
    return typed or per_node * max(nodes, 1)


def gpus_in_gres(gres: str) -> int:
    """The GPUs of one node in GRES, as `sinfo` and old versions of `sacct` write it: `gpu:a100:8(S:0-1),nvme:1`."""
    count = 0
    for part in filter(_is_gpu, (part.strip() for part in _split(gres))):
        found = _GRES.match(part)
        if not found:
            raise UnreadableRowError(f"'{part}' is no count of GPUs")
        count += int(found["count"] or 1)
    return count


def model_in_gres(gres: str) -> str | None:
    """The type of GPU that a node's GRES names, if it names one."""
    found = [match["type"] for part in filter(_is_gpu, _split(gres)) if (match := _GRES.match(part.strip()))]
    return next(filter(None, found), None)


def _is_gpu(part: str) -> bool:
    return re.match(r"\s*(gres[/:])?gpu\b", part) is not None


def _split(text: str) -> list[str]:
    """The parts between commas that are not inside parentheses: `gpu:4(S:0,2),nvme:1` has two."""
    return re.split(r",(?![^(]*\))", text)
