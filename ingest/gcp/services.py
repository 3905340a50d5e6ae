"""What FOCUS calls Google Cloud's services and regions.

Sources: FOCUS 1.2, ServiceCategory and ServiceSubcategory; Google Cloud, "Services" of the Cloud Billing Catalog and
"Regions and zones". A service that is not listed is `Other`: marketplace products mostly.
"""

from collections.abc import Mapping

import ibis
from ibis import Column

OTHER = ("Other", "Other (Other)")

# ServiceSubcategory: (ServiceCategory, services by their description in the export)
_SERVICES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("AI and Machine Learning", "AI Platforms"): ("Vertex AI", "AI Platform", "Cloud AI Platform", "Notebooks"),
    ("AI and Machine Learning", "Generative AI"): (
        "Gemini API",
        "Generative Language API",
        "Vertex AI Search",
        "Gemini for Google Cloud",
        "Gemini Enterprise",
        "Vertex AI Agent Builder",
    ),
    ("AI and Machine Learning", "Machine Learning"): ("Cloud Vision API", "Cloud AutoML", "Cloud TPU", "Document AI"),
    ("AI and Machine Learning", "Natural Language Processing"): (
        "Cloud Natural Language API",
        "Cloud Natural Language",
        "Cloud Speech API",
        "Cloud Speech-to-Text API",
        "Cloud Text-to-Speech API",
        "Cloud Translation API",
        "Translate",
    ),
    ("AI and Machine Learning", "Bots"): ("Cloud Dialogflow API", "Dialogflow"),
    ("Analytics", "Analytics Platforms"): ("BigQuery", "BigQuery Reservation API", "BigQuery Storage API"),
    ("Analytics", "Business Intelligence"): ("Looker", "Looker Studio", "BigQuery BI Engine"),
    ("Analytics", "Data Processing"): (
        "Cloud Dataflow",
        "Cloud Dataproc",
        "Cloud Data Fusion",
        "Cloud Composer",
        "Dataplex",
        "Dataform",
        "BigQuery Data Transfer Service",
        "Managed Service for Apache Spark",
    ),
    ("Analytics", "Streaming Analytics"): ("Datastream", "Managed Service for Apache Kafka"),
    ("Compute", "Virtual Machines"): ("Compute Engine", "VMware Engine", "Bare Metal Solution", "TPU"),
    ("Compute", "Containers"): ("Kubernetes Engine", "Google Kubernetes Engine", "Anthos", "Artifact Registry"),
    ("Compute", "Serverless Compute"): ("Cloud Run", "Cloud Functions", "Cloud Run Functions", "Batch"),
    ("Databases", "Relational Databases"): ("Cloud SQL", "Cloud Spanner", "AlloyDB", "AlloyDB for PostgreSQL"),
    ("Databases", "NoSQL Databases"): (
        "Cloud Bigtable",
        "Cloud Firestore",
        "Cloud Datastore",
        "Firebase Realtime Database",
    ),
    ("Databases", "Caching"): (
        "Cloud Memorystore for Redis",
        "Cloud Memorystore for Memcached",
        "Cloud Memorystore",
        "Memorystore for Valkey",
    ),
    ("Developer Tools", "Continuous Integration and Deployment"): ("Cloud Build", "Cloud Deploy"),
    ("Developer Tools", "Source Code Management"): ("Source Repository", "Secure Source Manager"),
    ("Developer Tools", "Development Environments"): ("Cloud Workstations",),
    ("Developer Tools", "Developer Platforms"): ("Firebase", "Firebase Hosting"),
    ("Identity", "Identity and Access Management"): (
        "Identity Platform",
        "Cloud Identity",
        "Certificate Authority Service",
        "Managed Service for Microsoft Active Directory",
    ),
    ("Integration", "Messaging"): ("Cloud Pub/Sub", "Pub/Sub", "Cloud Tasks", "Eventarc"),
    ("Integration", "API Management"): ("Apigee", "API Gateway", "Cloud Endpoints", "Service Control"),
    ("Integration", "Workflow Orchestration"): ("Workflows", "Cloud Scheduler", "Application Integration"),
    ("Management and Governance", "Cost Management"): ("Cloud Billing", "Invoice"),
    ("Management and Governance", "Observability"): (
        "Cloud Logging",
        "Cloud Monitoring",
        "Stackdriver Logging",
        "Stackdriver Monitoring",
        "Cloud Trace",
    ),
    ("Management and Governance", "Support"): ("Support", "Google Cloud Support"),
    ("Management and Governance", "Data Governance"): ("Data Catalog", "Sensitive Data Protection", "Cloud DLP"),
    ("Migration", "Data Migration"): ("Database Migration Service", "Storage Transfer Service", "Transfer Appliance"),
    ("Networking", "Network Infrastructure"): ("Networking", "Network Intelligence Center"),
    ("Networking", "Network Connectivity"): ("Cloud Interconnect", "Network Connectivity Center", "Cloud VPN"),
    ("Networking", "Content Delivery"): ("Cloud CDN", "Media CDN"),
    ("Networking", "Network Routing"): ("Cloud DNS", "Cloud NAT"),
    ("Networking", "Application Networking"): ("Cloud Load Balancing", "Traffic Director", "Cloud Service Mesh"),
    ("Networking", "Network Security"): ("Cloud Armor", "Cloud NGFW"),
    ("Security", "Secret Management"): ("Secret Manager", "Cloud Key Management Service (KMS)"),
    ("Security", "Security Posture Management"): ("Security Command Center", "Web Security Scanner"),
    ("Security", "Threat Detection and Response"): ("Google Security Operations", "Chronicle", "reCAPTCHA Enterprise"),
    ("Storage", "Object Storage"): ("Cloud Storage",),
    ("Storage", "File Storage"): ("Cloud Filestore", "Filestore", "NetApp Volumes", "Managed Lustre"),
    ("Storage", "Backup Storage"): ("Backup for GKE", "Backup and DR Service"),
    ("Web", "Application Platforms"): ("App Engine", "Maps API", "Places API", "Routes API", "Geocoding API"),
}

_REGIONS: Mapping[str, str] = {
    "africa-south1": "Johannesburg",
    "asia-east1": "Taiwan",
    "asia-east2": "Hong Kong",
    "asia-northeast1": "Tokyo",
    "asia-northeast2": "Osaka",
    "asia-northeast3": "Seoul",
    "asia-south1": "Mumbai",
    "asia-south2": "Delhi",
    "asia-southeast1": "Singapore",
    "asia-southeast2": "Jakarta",
    "australia-southeast1": "Sydney",
    "australia-southeast2": "Melbourne",
    "europe-central2": "Warsaw",
    "europe-north1": "Finland",
    "europe-north2": "Stockholm",
    "europe-southwest1": "Madrid",
    "europe-west1": "Belgium",
    "europe-west2": "London",
    "europe-west3": "Frankfurt",
    "europe-west4": "Netherlands",
    "europe-west6": "Zurich",
    "europe-west8": "Milan",
    "europe-west9": "Paris",
    "europe-west10": "Berlin",
    "europe-west12": "Turin",
    "me-central1": "Doha",
    "me-central2": "Dammam",
    "me-west1": "Tel Aviv",
    "northamerica-northeast1": "Montréal",
    "northamerica-northeast2": "Toronto",
    "northamerica-south1": "Mexico",
    "southamerica-east1": "São Paulo",
    "southamerica-west1": "Santiago",
    "us-central1": "Iowa",
    "us-east1": "South Carolina",
    "us-east4": "Northern Virginia",
    "us-east5": "Columbus",
    "us-south1": "Dallas",
    "us-west1": "Oregon",
    "us-west2": "Los Angeles",
    "us-west3": "Salt Lake City",
    "us-west4": "Las Vegas",
}


def service_category(service: Column) -> Column:
    """The ServiceCategory of a service's name."""
    return _place(service, 0)


def service_subcategory(service: Column) -> Column:
    """The ServiceSubcategory of a service's name."""
    return _place(service, 1)


def region_name(region: Column) -> Column:
    """What Google calls a region for people; its id where it is not known here."""
    return ibis.cases(*((region == each, ibis.literal(name)) for each, name in _REGIONS.items()), else_=region)


def _place(service: Column, which: int) -> Column:
    found: dict[str, tuple[str, ...]] = {}
    for place, names in _SERVICES.items():
        found[place[which]] = (*found.get(place[which], ()), *names)
    return ibis.cases(
        *((service.isin(names), ibis.literal(category)) for category, names in found.items()),
        else_=ibis.literal(OTHER[which]),
    )
