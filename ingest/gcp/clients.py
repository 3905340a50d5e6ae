"""Clients of BigQuery and Cloud Billing, as a source's settings say.

Credentials are Application Default Credentials. They are never sent where no TLS protects them: an http:// or
insecure:// endpoint, as of a test server, is asked without any.
"""

import grpc
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.billing_v1.services.cloud_billing import CloudBillingClient
from google.cloud.billing_v1.services.cloud_billing.transports import CloudBillingGrpcTransport
from google.cloud.billing_v1.services.cloud_catalog import CloudCatalogClient
from google.cloud.billing_v1.services.cloud_catalog.transports import CloudCatalogGrpcTransport

from ingest.gcp.settings import GcpSettings

_INSECURE = "insecure://"


def bigquery_client(settings: GcpSettings) -> bigquery.Client:
    """A client that runs queries in the source's project."""
    endpoint = settings.bigquery_endpoint
    options = ClientOptions(api_endpoint=endpoint) if endpoint else None
    anonymous = _nobody() if endpoint and endpoint.startswith("http://") else None
    return bigquery.Client(
        project=settings.query_project, location=settings.location, credentials=anonymous, client_options=options
    )


def catalog_client(settings: GcpSettings) -> CloudCatalogClient:
    """A client of the public price list."""
    plain = _plain(settings)
    if plain:
        return CloudCatalogClient(transport=CloudCatalogGrpcTransport(channel=grpc.insecure_channel(plain)))
    return CloudCatalogClient(client_options=_options(settings))


def billing_client(settings: GcpSettings) -> CloudBillingClient:
    """A client of billing accounts and the projects that they pay for."""
    plain = _plain(settings)
    if plain:
        return CloudBillingClient(transport=CloudBillingGrpcTransport(channel=grpc.insecure_channel(plain)))
    return CloudBillingClient(client_options=_options(settings))


def _plain(settings: GcpSettings) -> str | None:
    endpoint = settings.billing_endpoint or ""
    return endpoint.removeprefix(_INSECURE) if endpoint.startswith(_INSECURE) else None


def _options(settings: GcpSettings) -> ClientOptions | None:
    return ClientOptions(api_endpoint=settings.billing_endpoint) if settings.billing_endpoint else None


def _nobody() -> AnonymousCredentials:
    return AnonymousCredentials()  # type: ignore[no-untyped-call]
