"""What a node's provider id and names, and a bill's resource, have in common.

Kubernetes' .spec.providerID is aws:///ZONE/i-…, gce://PROJECT/ZONE/NAME or azure:///subscriptions/…; bills name an AWS
instance by its id or ARN, a GCP one by number and by name, an Azure one by its path in small letters, and a scale set
by its own path instead of its machines'. All of it becomes texts that are the same on both sides.
"""

import re

_AWS = re.compile(r"^aws://.*/(i-[0-9a-f]+)$")
_GCE = re.compile(r"^gce://([^/]+)/[^/]+/([^/]+)$")
_AZURE = re.compile(r"^azure://(/subscriptions/.+)$")
_SCALE_SET = re.compile(r"^(/subscriptions/.+/virtualmachinescalesets/[^/]+)/virtualmachines/[^/]+$")
_INSTANCE_ID = re.compile(r"(?<![a-z0-9])i-(?:[0-9a-f]{17}|[0-9a-f]{8})(?![a-z0-9])")


def keys_of_provider_id(provider_id: str | None) -> tuple[str, ...]:
    """What a bill may call the machine of `provider_id`, the most particular first; () for one of another provider."""
    written = (provider_id or "").strip().casefold()
    if found := _AWS.match(written):
        return (found[1],)
    if found := _GCE.match(written):
        return (f"{found[1]}/{found[2]}",)
    if found := _AZURE.match(written):
        scale_set = _SCALE_SET.match(found[1])
        return (found[1], scale_set[1]) if scale_set else (found[1],)
    return ()


def keys_of_name(name: str) -> tuple[str, ...]:
    """What a bill may call the machine that telemetry calls `name`, the most particular first.

    EC2 names machines by their ids where it is set up so (i-….ec2.internal). A name with an address in it
    (ip-10-0-0-1) tells no bill anything: for these there is the node map.
    """
    written = name.strip().casefold()
    ids = _INSTANCE_ID.findall(written)
    return tuple(dict.fromkeys((*ids, written, written.partition(".")[0])))


def keys_of_resource(
    resource_id: str, resource_name: str | None = None, sub_account_id: str | None = None
) -> tuple[str, ...]:
    """What a node may be called that is this resource of a bill."""
    written = resource_id.strip().casefold()
    last = written.rstrip("/").rpartition("/")[2]
    name = (resource_name or "").strip().casefold().rstrip("/").rpartition("/")[2]
    in_project = (f"{sub_account_id.casefold()}/{each}" for each in (name, last) if sub_account_id and each)
    return tuple(dict.fromkeys(each for each in (written, last, name, *in_project) if each))
