"""Which resource of the bill a node is, by its provider id or, without one, by its name."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.gpu.provider_id import keys_of_name, keys_of_provider_id, keys_of_resource


@dataclass(frozen=True)
class BilledResource:
    """A resource with a charge for GPUs."""

    resource_id: str
    resource_name: str | None
    sub_account_id: str | None


def billed_by_key(resources: Iterable[BilledResource]) -> Mapping[str, str]:
    """The resource of each text that only one resource goes by."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for each in resources:
        for key in keys_of_resource(each.resource_id, each.resource_name, each.sub_account_id):
            found[key].add(each.resource_id)
    return {key: next(iter(ids)) for key, ids in found.items() if len(ids) == 1}


def resource_of(name: str, provider_id: str | None, billed: Mapping[str, str]) -> str | None:
    """The resource that a node is; None where the bill has none, or more than one that it could be.

    A provider id that no bill knows is no reason to look at the name: the machine is simply not billed yet.
    """
    keys = keys_of_provider_id(provider_id) or keys_of_name(name)
    return next((billed[key] for key in keys if key in billed), None)
