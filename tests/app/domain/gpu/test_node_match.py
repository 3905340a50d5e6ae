"""Which resource of the bill a node is."""

import pytest

from app.domain.gpu.node_match import BilledResource, billed_by_key, resource_of
from app.domain.gpu.provider_id import keys_of_name, keys_of_provider_id

SCALE_SET = "/subscriptions/s/resourcegroups/rg/providers/microsoft.compute/virtualmachinescalesets/gpus"
MACHINE = "/subscriptions/s/resourcegroups/rg/providers/microsoft.compute/virtualmachines/vm-1"
NUMBERED = "//compute.googleapis.com/projects/77/zones/us-central1-a/instances/4711"
BILLED = billed_by_key([
    BilledResource("i-0123456789abcdef0", None, "444455556666"),
    BilledResource("arn:aws:ec2:us-east-1:4444:instance/i-0aaaaaaaaaaaaaaaa", None, "444455556666"),
    BilledResource(NUMBERED, "gpu-vm-1", "acme-search"),
    BilledResource("//compute.googleapis.com/projects/78/zones/z/instances/1", "twin", "acme-search"),
    BilledResource("//compute.googleapis.com/projects/79/zones/z/instances/2", "twin", "acme-speech"),
    BilledResource(SCALE_SET, "gpus", "s"),
    BilledResource(MACHINE, "VM-1", "s"),
    BilledResource("dgx-1", "dgx-1.lab.example", None),
])  # fmt: skip


@pytest.mark.parametrize(
    ("name", "provider_id", "resource"),
    [
        ("ip-10-0-0-1", "aws:///us-east-1a/i-0123456789abcdef0", "i-0123456789abcdef0"),
        ("n", "aws:///us-east-1a/i-0aaaaaaaaaaaaaaaa", "arn:aws:ec2:us-east-1:4444:instance/i-0aaaaaaaaaaaaaaaa"),
        ("n", "gce://acme-search/us-central1-a/gpu-vm-1", NUMBERED),
        ("n", "gce://acme-search/z/twin", "//compute.googleapis.com/projects/78/zones/z/instances/1"),
        ("n", "gce://acme-other/us-central1-a/gpu-vm-1", None),
        ("n", f"azure://{SCALE_SET.replace('resourcegroups/rg', 'resourceGroups/RG')}/virtualMachines/0", SCALE_SET),
        ("n", f"azure://{MACHINE}", MACHINE),
        ("i-0123456789abcdef0.ec2.internal", None, "i-0123456789abcdef0"),
        ("i-0123456789abcdef0.us-west-2.compute.internal", None, "i-0123456789abcdef0"),
        ("ip-10-0-0-1.ec2.internal", None, None),
        ("gpu-vm-1", None, NUMBERED),
        ("GPU-VM-1.c.acme-search.internal", None, NUMBERED),
        ("twin", None, None),
        ("dgx-1", "", "dgx-1"),
        ("dgx-1", "kind://docker/kind/dgx-1", "dgx-1"),
        ("dgx-1", "aws:///us-east-1a/i-0bbbbbbbbbbbbbbbb", None),
    ],
)
def test_a_node_is_the_one_resource_that_goes_by_its_names(
    name: str, provider_id: str | None, resource: str | None
) -> None:
    assert resource_of(name, provider_id, BILLED) == resource


def test_a_machine_of_a_scale_set_may_have_a_line_of_its_own() -> None:
    provider_id = f"azure://{SCALE_SET}/virtualMachines/7"
    assert keys_of_provider_id(provider_id) == (f"{SCALE_SET}/virtualmachines/7", SCALE_SET)


def test_an_id_inside_another_word_is_no_instance() -> None:
    assert keys_of_name("multi-0123456789abcdef0") == ("multi-0123456789abcdef0",)
