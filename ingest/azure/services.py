"""What Azure's meters belong to, in FOCUS words.

A line names the resource provider that consumed something (`Microsoft.MachineLearningServices`) and the category of
the meter it is priced by (`Virtual Machines`). The provider says whose cost it is and goes first; where one provider
has several services, the meter tells them apart. Names are those of Azure's own FOCUS exports, so that a bill reads
alike whichever way it came. Categories and subcategories: FOCUS 1.2, Service Category and Service Subcategory.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Service(NamedTuple):
    """A service and where FOCUS files it."""

    name: str
    category: str
    subcategory: str


_AI = "AI and Machine Learning"
_MANAGE = "Management and Governance"

OPENAI = Service("Azure OpenAI", _AI, "Generative AI")
_VM = Service("Virtual Machines", "Compute", "Virtual Machines")
_STORAGE = Service("Storage Accounts", "Storage", "Storage Platforms")
_DISKS = Service("Managed Disks", "Storage", "Block Storage")
_AKS = Service("Azure Kubernetes Service", "Compute", "Containers")
_SQL = Service("Azure SQL Database", "Databases", "Relational Databases")
_MONITOR = Service("Azure Monitor", _MANAGE, "Observability")
_NETWORK = Service("Virtual Network", "Networking", "Network Infrastructure")
_DEFENDER = Service("Microsoft Defender for Cloud", "Security", "Security Posture Management")
_APP_SERVICE = Service("Azure App Service", "Web", "Application Platforms")
_MARKETPLACE = Service("Azure Marketplace", "Other", "Other (Other)")

# (resource provider, meter category) in small letters.
_BOTH: Mapping[tuple[str, str], Service] = {
    ("microsoft.compute", "storage"): _DISKS,
    ("microsoft.compute", "cloud services"): Service("Cloud Services", "Compute", "Serverless Compute"),
    ("microsoft.network", "load balancer"): Service("Load Balancer", "Networking", "Application Networking"),
    ("microsoft.network", "application gateway"): Service(
        "Application Gateway", "Networking", "Application Networking"
    ),
    ("microsoft.network", "vpn gateway"): Service("VPN Gateway", "Networking", "Network Connectivity"),
    ("microsoft.network", "expressroute"): Service("Azure ExpressRoute", "Networking", "Network Routing"),
    ("microsoft.network", "azure dns"): Service("Azure DNS", "Networking", "Network Routing"),
    ("microsoft.network", "azure firewall"): Service("Azure Firewall", "Networking", "Network Security"),
    ("microsoft.network", "azure bastion"): Service("Azure Bastion", "Networking", "Network Security"),
    ("microsoft.network", "azure front door service"): Service("Azure Front Door", "Networking", "Content Delivery"),
    ("microsoft.network", "nat gateway"): Service("Azure NAT Gateway", "Networking", "Network Connectivity"),
    ("microsoft.network", "virtual wan"): Service("Virtual WAN", "Networking", "Network Connectivity"),
    ("microsoft.sql", "sql managed instance"): Service("SQL Managed Instance", "Databases", "Relational Databases"),
    ("microsoft.sql", "advanced data security"): _DEFENDER,
    ("microsoft.keyvault", "advanced threat protection"): _DEFENDER,
    ("microsoft.web", "functions"): Service("Functions", "Compute", "Serverless Compute"),
}
_PROVIDERS: Mapping[str, Service] = {
    "microsoft.analysisservices": Service("Azure Analysis Services", "Analytics", "Data Processing"),
    "microsoft.apimanagement": Service("API Management", "Integration", "API Management"),
    "microsoft.app": Service("Azure Container Apps", "Compute", "Containers"),
    "microsoft.automation": Service("Azure Automation", "Integration", "Workflow Orchestration"),
    "microsoft.avs": Service("Azure VMware Solution", "Compute", "Virtual Machines"),
    "microsoft.batch": Service("Batch", "Compute", "Serverless Compute"),
    "microsoft.billingbenefits": Service("Azure Savings Plan for Compute", "Compute", "Other (Compute)"),
    "microsoft.botservice": Service("Azure AI Bot Service", _AI, "Bots"),
    "microsoft.cache": Service("Azure Cache for Redis", "Databases", "Caching"),
    "microsoft.capacity": Service("Azure Reservations", _MANAGE, "Cost Management"),
    "microsoft.cdn": Service("Content Delivery Network", "Networking", "Content Delivery"),
    "microsoft.classiccompute": _VM,
    "microsoft.classicstorage": _STORAGE,
    "microsoft.cognitiveservices": Service("Azure AI Services", _AI, "AI Platforms"),
    "microsoft.compute": _VM,
    "microsoft.containerinstance": Service("Azure Container Instances", "Compute", "Containers"),
    "microsoft.containerregistry": Service("Azure Container Registry", "Compute", "Containers"),
    "microsoft.containerservice": _AKS,
    "microsoft.dashboard": Service("Azure Managed Grafana", "Analytics", "Business Intelligence"),
    "microsoft.databricks": Service("Azure Databricks", "Analytics", "Data Processing"),
    "microsoft.datafactory": Service("Azure Data Factory", "Integration", "Workflow Orchestration"),
    "microsoft.dataprotection": Service("Azure Backup", "Storage", "Backup Storage"),
    "microsoft.dbformariadb": Service("Azure DB for MariaDB", "Databases", "Relational Databases"),
    "microsoft.dbformysql": Service("Azure DB for MySQL", "Databases", "Relational Databases"),
    "microsoft.dbforpostgresql": Service("Azure DB for PostgreSQL", "Databases", "Relational Databases"),
    "microsoft.desktopvirtualization": Service("Azure Virtual Desktop", "Compute", "End User Computing"),
    "microsoft.devices": Service("Azure IoT Hub", "Internet of Things", "IoT Platforms"),
    "microsoft.documentdb": Service("Cosmos DB", "Databases", "NoSQL Databases"),
    "microsoft.eventgrid": Service("Event Grid", "Integration", "Messaging"),
    "microsoft.eventhub": Service("Event Hubs", "Integration", "Messaging"),
    "microsoft.fabric": Service("Microsoft Fabric", "Analytics", "Analytics Platforms"),
    "microsoft.hdinsight": Service("HDInsight", "Analytics", "Data Processing"),
    "microsoft.hybridcompute": Service("Azure Arc", "Multicloud", "Multicloud Integration"),
    "microsoft.insights": _MONITOR,
    "microsoft.keyvault": Service("Key Vault", "Security", "Secret Management"),
    "microsoft.kusto": Service("Azure Data Explorer", "Analytics", "Analytics Platforms"),
    "microsoft.logic": Service("Logic Apps", "Integration", "Workflow Orchestration"),
    "microsoft.machinelearning": Service("Azure Machine Learning", _AI, "Machine Learning"),
    "microsoft.machinelearningservices": Service("Azure Machine Learning", _AI, "Machine Learning"),
    "microsoft.monitor": _MONITOR,
    "microsoft.netapp": Service("Azure NetApp Files", "Storage", "File Storage"),
    "microsoft.network": _NETWORK,
    "microsoft.operationalinsights": _MONITOR,
    "microsoft.purview": Service("Microsoft Purview", _MANAGE, "Data Governance"),
    "microsoft.recoveryservices": Service("Azure Site Recovery", _MANAGE, "Disaster Recovery"),
    "microsoft.saas": _MARKETPLACE,
    "microsoft.search": Service("Azure AI Search", "Analytics", "Search"),
    "microsoft.security": _DEFENDER,
    "microsoft.servicebus": Service("Service Bus", "Integration", "Messaging"),
    "microsoft.sql": _SQL,
    "microsoft.storage": _STORAGE,
    "microsoft.streamanalytics": Service("Azure Stream Analytics", "Analytics", "Streaming Analytics"),
    "microsoft.synapse": Service("Azure Synapse Analytics", "Analytics", "Analytics Platforms"),
    "microsoft.visualstudio": Service("Azure DevOps", "Developer Tools", "Developer Platforms"),
    "microsoft.web": _APP_SERVICE,
}
# For lines that name no provider, or one that is not listed.
_METERS: Mapping[str, Service] = {
    "azure app service": _APP_SERVICE,
    "azure kubernetes service": _AKS,
    "azure machine learning": Service("Azure Machine Learning", _AI, "Machine Learning"),
    "azure monitor": _MONITOR,
    "azure openai": OPENAI,
    "azure openai service": OPENAI,
    "bandwidth": Service("Bandwidth", "Networking", "Network Connectivity"),
    "cognitive services": Service("Azure AI Services", _AI, "AI Platforms"),
    "foundry models": Service("Microsoft Foundry Models", _AI, "Generative AI"),
    "foundry tools": Service("Azure AI Services", _AI, "AI Platforms"),
    "log analytics": _MONITOR,
    "saas": _MARKETPLACE,
    "sql database": _SQL,
    "storage": _STORAGE,
    "support": Service("Azure Support", _MANAGE, "Support"),
    "virtual machines": _VM,
    "virtual machines licenses": _VM,
    "virtual network": _NETWORK,
}
# The families that Azure's price list sorts meters into; the last resort.
_FAMILIES = {
    "ai + machine learning": _AI,
    "analytics": "Analytics",
    "compute": "Compute",
    "containers": "Compute",
    "databases": "Databases",
    "developer tools": "Developer Tools",
    "identity": "Identity",
    "integration": "Integration",
    "internet of things": "Internet of Things",
    "management and governance": _MANAGE,
    "media": "Media",
    "networking": "Networking",
    "security": "Security",
    "storage": "Storage",
    "web": "Web",
}


def service(provider: str, meter_category: str, meter_subcategory: str, family: str) -> Service:
    """The service of a line, by what it says of its resource provider, its meter and its service family."""
    consumer, category = provider.strip().casefold(), meter_category.strip().casefold()
    if consumer in ("", "microsoft.cognitiveservices"):
        if "openai" in f"{category} {meter_subcategory}".casefold():
            return OPENAI
        if category == "foundry models":
            return _METERS[category]
    found = _BOTH.get((consumer, category)) or _PROVIDERS.get(consumer) or _METERS.get(category)
    if found:
        return found
    filed = _FAMILIES.get(family.strip().casefold(), "Other")
    return Service(meter_category.strip() or provider.strip() or "Unknown", filed, f"Other ({filed})")
