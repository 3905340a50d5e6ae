"""The demo company's Azure subscriptions, billed in EUR with VAT: search in Europe, part of fine-tuning and serving.

List prices are Azure's public pay-as-you-go prices in USD for eastus as of 2026, taken at 0.92 EUR for a USD: a round
rate of the demo's own, not a market rate.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from ingest.demo.commitment import Commitment
from ingest.demo.curves import on_workdays, per_month, steady
from ingest.demo.estate import Credit, Estate, Tax, Workload
from ingest.demo.fleet import fleet, machine, metered, single, tags
from ingest.demo.issuer import Issuer
from ingest.demo.offer import Account, Offer, Place, Resource, Service
from ingest.demo.story import lora_adopted, office_hours, serving

ISSUER = Issuer(
    provider="Microsoft",
    company="Microsoft Ireland Operations Limited",
    account_id="88112233",
    account_name="Acme AI Europe",
    account_type="Billing profile",
    currency="EUR",
    contracted=Decimal("0.95"),
    invoice_prefix="AZ",
)
EUR_PER_USD = Decimal("0.92")

VM = Service("Virtual Machines", "Compute", "Virtual Machines", "Virtual machine")
AKS = Service("Azure Kubernetes Service", "Compute", "Containers", "Kubernetes service")
BLOB = Service("Storage Accounts", "Storage", "Object Storage", "Storage account")
AI_SEARCH = Service("Azure AI Search", "AI and Machine Learning", "AI Platforms", "Search service")
COSMOS = Service("Azure Cosmos DB", "Databases", "NoSQL Databases", "Cosmos DB account")
DATABRICKS = Service("Azure Databricks", "Analytics", "Data Processing", "Databricks workspace")
BANDWIDTH = Service("Bandwidth", "Networking", "Network Connectivity", "Public IP address")
MONITOR = Service("Azure Monitor", "Management and Governance", "Observability", "Log Analytics workspace")
SUPPORT = Service("Azure Support", "Management and Governance", "Support", "Support plan")


def _machine(instance_type: str, usd: str, gpus: int = 0, gpu: str = "") -> Offer:
    return machine(VM, instance_type, str(Decimal(usd) * EUR_PER_USD), gpus=gpus, gpu=gpu)


A100 = _machine("Standard_NC24ads_A100_v4", "3.673", 1, "A100")
A100_X8 = _machine("Standard_ND96amsr_A100_v4", "32.77", 8, "A100")
H100 = _machine("Standard_NC40ads_H100_v5", "6.98", 1, "H100")
T4 = _machine("Standard_NC4as_T4_v3", "0.526", 1, "T4")
AKS_NODE = metered(AKS, "aks:standard-node", "Node, by the hour", "Hours", "0.7066")
AKS_FEE = metered(AKS, "aks:uptime", "Uptime SLA, by the hour", "Hours", "0.092")
BLOBS = metered(BLOB, "blob:hot-lrs", "Hot storage", "GB-Months", "0.0166")
SEARCH_UNIT = metered(AI_SEARCH, "search:s3-unit", "S3 search unit, by the hour", "Hours", "2.47")
THROUGHPUT = metered(COSMOS, "cosmos:ru", "100 request units per second, by the hour", "Hours", "0.0074")
DBU = metered(DATABRICKS, "databricks:dbu", "Jobs compute, by DBU", "DBU", "0.276")
EGRESS = metered(BANDWIDTH, "bandwidth:out", "Data out to the internet", "GB", "0.075")
LOGS = metered(MONITOR, "monitor:ingest", "Log data taken in", "GB", "2.12")
SUPPORT_PLAN = metered(SUPPORT, "support:prodirect", "ProDirect support, by the month", "Months", "920")

FRANKFURT = Place("germanywestcentral", "Germany West Central")

SUBSCRIPTIONS = {
    name: Account(f"5f0c1d2e-0000-4000-8000-{number:012}", f"acme-{name}", "Subscription")
    for number, name in enumerate(
        ("finetuning", "inference", "search", "data", "sandbox", "shared", "hackathon"), start=101
    )
}

SEARCH_RESERVATION = Commitment(
    id="/providers/microsoft.capacity/reservationorders/7b1e/reservations/search-a100",
    name="search-a100",
    type="Reservation",
    category="Usage",
    covers=A100,
    nodes=6,
    hourly_rate=A100.list_unit_price * Decimal("0.64"),
    bought=10,
    upfront=False,
    account=SUBSCRIPTIONS["search"],
    place=FRANKFURT,
    currency="EUR",
)


def estate() -> Estate:
    """All of it, in the order in which the reservation covers it."""
    return Estate(
        issuer=ISSUER,
        workloads=(*_teams(), *_sandbox(), *_shared()),
        quantum=Decimal("0.0001"),
        commitments=(SEARCH_RESERVATION,),
        fees=(Resource(None, None, SUPPORT_PLAN, SUBSCRIPTIONS["shared"]),),
        credits=(Credit(7, Decimal("4100.00"), "Azure sponsorship credit"),),
        tax=Tax(Decimal("0.19"), "VAT 19 %"),
    )


def _resource(offer: Offer, owner: str, kind: str, name: str, tagged: Mapping[str, str] | None) -> Resource:
    account = SUBSCRIPTIONS[owner]
    path = f"/subscriptions/{account.id}/resourcegroups/rg-{owner}/providers/{kind}/{name}"
    return Resource(path, name, offer, account, FRANKFURT, tagged)


def _node(offer: Offer, team: str, project: str, name: str, env: str = "prod") -> Callable[[int], Resource]:
    kind = "microsoft.compute/virtualmachines"
    return lambda number: _resource(offer, team, kind, f"{name}-{number:02}", tags(team, project, env))


def _teams() -> tuple[Workload, ...]:
    catalog = tags("search", "catalog")
    lakehouse = tags("data", "lakehouse")
    return (
        *fleet(_node(A100, "search", "reranker", "rerank-a100"), on_workdays(7, weekend=5), most=7, slack="0.02"),
        single(
            _resource(SEARCH_UNIT, "search", "microsoft.search/searchservices", "catalog-eu", catalog), steady(24 * 9)
        ),
        single(
            _resource(THROUGHPUT, "search", "microsoft.documentdb/databaseaccounts", "sessions", catalog),
            steady(24 * 400),
        ),
        *fleet(_node(A100_X8, "finetuning", "assistant-eu", "tuning-a100"), lora_adopted(2), most=2, slack="0.04"),
        *fleet(_node(H100, "inference", "gateway-eu", "serve-h100"), serving(6), most=11, slack="0.01"),
        single(
            _resource(DBU, "data", "microsoft.databricks/workspaces", "lakehouse", lakehouse),
            on_workdays(5200, weekend=2600),
        ),
        *(
            single(
                _resource(BLOBS, team, "microsoft.storage/storageaccounts", f"acme{team}", tags(team, "storage")),
                per_month(steady(size)),
                slack="0.01",
            )
            for team, size in (("search", 160000), ("finetuning", 90000), ("data", 620000))
        ),
    )


def _sandbox() -> tuple[Workload, ...]:
    """Tagged notebooks, and what a hackathon left running without a tag."""
    kind = "microsoft.compute/virtualmachines"
    return (
        *fleet(_node(T4, "sandbox", "notebooks", "notebook-t4", "dev"), office_hours(6), most=6, slack="0.4"),
        *fleet(
            lambda number: _resource(H100, "hackathon", kind, f"team-{number}", None), steady("1.5"), most=2, slack="0"
        ),
    )


def _shared() -> tuple[Workload, ...]:
    kind = "microsoft.containerservice/managedclusters"
    return (
        single(_resource(AKS_FEE, "shared", kind, "shared-eu", None), steady(24), slack="0"),
        single(_resource(AKS_NODE, "shared", kind, "shared-eu", None), steady(24 * 10), slack="0.08"),
        single(
            _resource(EGRESS, "shared", "microsoft.network/publicipaddresses", "edge", None), serving(1600), slack="0.2"
        ),
        single(
            _resource(LOGS, "shared", "microsoft.operationalinsights/workspaces", "logs", None),
            steady(55),
            slack="0.2",
        ),
    )
