"""The demo company's Google Cloud projects: speech, the data platform, and part of serving and pre-training.

List prices are Google's public on-demand prices in USD for us-central1 as of 2026, a GPU machine with its GPUs as one
item; services without a GPU use round prices of the right size. Google bills with up to 18 fractional digits, which
the metered nine-digit hours at nine-digit contracted prices reach.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from ingest.demo.commitment import Commitment
from ingest.demo.curves import during, growing, on_workdays, per_month, steady
from ingest.demo.estate import Credit, Estate, Tax, Workload
from ingest.demo.fleet import fleet, machine, metered, single, tags
from ingest.demo.issuer import Issuer
from ingest.demo.offer import Account, Offer, Place, Resource, Service
from ingest.demo.story import RUN_FIRST, RUN_LAST, office_hours, serving

ISSUER = Issuer(
    provider="Google Cloud",
    company="Google LLC",
    account_id="01A2B3-4C5D6E-7F8091",
    account_name="Acme AI",
    account_type="Billing account",
    currency="USD",
    contracted=Decimal("0.9287143"),
    invoice_prefix="GCP",
)

COMPUTE = Service("Compute Engine", "Compute", "Virtual Machines", "Instance")
GKE = Service("Kubernetes Engine", "Compute", "Containers", "Cluster")
STORAGE = Service("Cloud Storage", "Storage", "Object Storage", "Bucket")
BIGQUERY = Service("BigQuery", "Analytics", "Analytics Platforms", "Reservation")
VERTEX = Service("Vertex AI", "AI and Machine Learning", "AI Platforms", "Endpoint")
NETWORKING = Service("Networking", "Networking", "Network Connectivity", "Network")
LOGGING = Service("Cloud Logging", "Management and Governance", "Observability", "Log bucket")
SUPPORT = Service("Support", "Management and Governance", "Support", "Support plan")

A2 = machine(COMPUTE, "a2-ultragpu-8g", "40.55", gpus=8, gpu="A100")
A3 = machine(COMPUTE, "a3-highgpu-8g", "84.4", gpus=8, gpu="H100")
A3_ULTRA = machine(COMPUTE, "a3-ultragpu-8g", "84.81", gpus=8, gpu="H200")
G2 = machine(COMPUTE, "g2-standard-48", "4.00167", gpus=4, gpu="L4")
G2_SMALL = machine(COMPUTE, "g2-standard-4", "0.70683", gpus=1, gpu="L4")
N2 = machine(COMPUTE, "n2-standard-32", "1.553952")
GKE_NODE = metered(GKE, "gke:autopilot-node", "Node, by the hour", "Hours", "1.36")
GKE_FEE = metered(GKE, "gke:cluster-hour", "Cluster, by the hour", "Hours", "0.1")
BUCKET = metered(STORAGE, "gcs:standard", "Standard storage", "GB-Months", "0.02")
SLOTS = metered(BIGQUERY, "bq:enterprise-slot", "Enterprise edition slots, by the hour", "Slot-Hours", "0.06")
RANKING = metered(VERTEX, "vertex:ranking-node", "Online prediction node, by the hour", "Hours", "1.379")
EGRESS = metered(NETWORKING, "net:egress", "Data out to the internet", "GB", "0.085")
LOGS = metered(LOGGING, "logging:ingest", "Log data taken in", "GB", "0.5")
SUPPORT_PLAN = metered(SUPPORT, "support:enhanced", "Enhanced support, by the month", "Months", "6200")

IOWA = Place("us-central1", "Iowa", "us-central1-a")
IOWA_REGION = Place("us-central1", "Iowa")

PROJECTS = {
    name: Account(f"acme-{name}", f"Acme {name}", "Project")
    for name in ("pretraining", "inference", "search", "speech", "data", "sandbox", "shared", "playground")
}

DATA_CUD = Commitment(
    id="projects/acme-data/commitments/cud-data-n2",
    name="cud-data-n2",
    type="Committed use discount",
    category="Spend",
    covers=N2,
    nodes=10,
    hourly_rate=Decimal("1.118845440"),
    bought=11,
    upfront=False,
    account=PROJECTS["data"],
    place=IOWA_REGION,
    currency="USD",
)


def estate() -> Estate:
    """All of it, in the order in which the commitment covers it."""
    return Estate(
        issuer=ISSUER,
        workloads=(*_teams(), *_sandbox(), *_shared()),
        quantum=Decimal("0.000000001"),
        commitments=(DATA_CUD,),
        fees=(Resource(None, None, SUPPORT_PLAN, PROJECTS["shared"]),),
        credits=(Credit(6, Decimal("9750.125"), "Promotional credit"),),
        tax=Tax(Decimal("0.08875"), "Sales tax on support", frozenset({SUPPORT.name})),
    )


def _instance(offer: Offer, owner: str, name: str, labels: Mapping[str, str] | None) -> Resource:
    path = f"//compute.googleapis.com/projects/acme-{owner}/zones/{IOWA.zone}/instances/{name}"
    return Resource(path, name, offer, PROJECTS[owner], IOWA, labels)


def _node(offer: Offer, team: str, project: str, name: str, env: str = "prod") -> Callable[[int], Resource]:
    return lambda number: _instance(offer, team, f"{name}-{number:02}", tags(team, project, env))


def _thing(offer: Offer, owner: str, kind: str, name: str, project: str | None) -> Resource:
    path = f"//{kind}.googleapis.com/projects/acme-{owner}/locations/us-central1/{name}"
    labels = tags(owner, project) if project else None
    return Resource(path, name.rsplit("/", maxsplit=1)[-1], offer, PROJECTS[owner], IOWA_REGION, labels)


def _teams() -> tuple[Workload, ...]:
    """Speech's A100s are booked around the clock though nobody trains at weekends: the bill is flat on purpose."""
    long_context = during(2, first=RUN_FIRST, last=RUN_LAST)
    slots = on_workdays(9000, weekend=3200)
    return (
        *fleet(_node(A2, "speech", "transcribe", "speech-a100"), steady(6), most=6, slack="0"),
        *fleet(_node(G2, "speech", "live-captions", "captions-l4"), steady(4), most=4, slack="0.05"),
        *fleet(_node(A3, "inference", "large-models", "serve-h100"), serving(1), most=2, slack="0.01"),
        *fleet(_node(G2, "inference", "gateway", "serve-l4"), serving(8), most=14, slack="0.01"),
        *fleet(
            _node(A3_ULTRA, "pretraining", "atlas-long", "atlas-h200", "dev"),
            long_context,
            most=2,
            slack="0.25",
            spot=True,
        ),
        *fleet(_node(N2, "data", "pipelines", "pipeline"), on_workdays(14, weekend=7), most=14, slack="0.03"),
        single(_thing(SLOTS, "data", "bigqueryreservation", "reservations/warehouse", "warehouse"), slots),
        single(
            _thing(BUCKET, "data", "storage", "buckets/acme-lake", "lake"),
            per_month(growing(1400000, monthly="0.02")),
            slack="0",
        ),
        single(
            _thing(BUCKET, "speech", "storage", "buckets/acme-recordings", "transcribe"),
            per_month(growing(380000, monthly="0.03")),
            slack="0",
        ),
        *(
            single(_thing(RANKING, "search", "aiplatform", f"endpoints/ranking-{number}", "ranking"), steady(24 * 6))
            for number in range(4)
        ),
    )


def _sandbox() -> tuple[Workload, ...]:
    """Tagged workstations, and the project anybody may play in, where nothing is tagged."""
    return (
        *fleet(_node(G2_SMALL, "sandbox", "notebooks", "workstation", "dev"), office_hours(6), most=6, slack="0.4"),
        *fleet(lambda number: _instance(G2, "playground", f"demo-{number}", None), steady(3), most=3, slack="0.1"),
        single(
            _thing(BUCKET, "playground", "storage", "buckets/acme-scratch", None), per_month(steady(190000)), slack="0"
        ),
    )


def _shared() -> tuple[Workload, ...]:
    return (
        single(_thing(GKE_FEE, "shared", "container", "clusters/shared-tools", None), steady(24), slack="0"),
        single(_thing(GKE_NODE, "shared", "container", "clusters/shared-tools", None), steady(24 * 12), slack="0.08"),
        single(_thing(EGRESS, "shared", "compute", "networks/backbone", None), serving(3000), slack="0.2"),
        single(_thing(LOGS, "shared", "logging", "buckets/default", None), steady(420), slack="0.2"),
    )
