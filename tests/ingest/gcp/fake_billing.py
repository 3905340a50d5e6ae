"""A Cloud Billing of our own: a gRPC server that speaks google-cloud-billing's protobufs, page by page."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.cloud.billing_v1 import types
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

PAGE = 2  # whatever is asked for, so that everything has several pages


@dataclass
class FakeBilling:
    """What the server knows, what it was asked, and how it fails."""

    skus: dict[str, list[types.Sku]] = field(default_factory=dict)  # by service
    projects: dict[str, list[types.ProjectBillingInfo]] = field(default_factory=dict)  # by account
    account_names: dict[str, str] = field(default_factory=dict)
    failures: list[grpc.StatusCode] = field(default_factory=list)  # of the next calls, in order
    asked: list[Any] = field(default_factory=list)

    def list_services(self, request: types.ListServicesRequest) -> types.ListServicesResponse:
        services = [types.Service(name=f"services/{each}", service_id=each) for each in self.skus]
        page, token = _page(services, request.page_token)
        return types.ListServicesResponse(services=page, next_page_token=token)

    def list_skus(self, request: types.ListSkusRequest) -> types.ListSkusResponse:
        service = request.parent.removeprefix("services/")
        if service not in self.skus:
            raise LookupError(service)
        page, token = _page(self.skus[service], request.page_token)
        return types.ListSkusResponse(skus=page, next_page_token=token)

    def get_billing_account(self, request: types.GetBillingAccountRequest) -> types.BillingAccount:
        account = request.name.removeprefix("billingAccounts/")
        if account not in self.account_names:
            raise LookupError(account)
        return types.BillingAccount(name=request.name, display_name=self.account_names[account], open_=True)

    def list_project_billing_info(
        self, request: types.ListProjectBillingInfoRequest
    ) -> types.ListProjectBillingInfoResponse:
        account = request.name.removeprefix("billingAccounts/")
        page, token = _page(self.projects.get(account, []), request.page_token)
        return types.ListProjectBillingInfoResponse(project_billing_info=page, next_page_token=token)


def sku(
    sku_id: str, *tiers: tuple[float, int, int], unit: str = "hour", code: str = "h", currency: str = "USD"
) -> types.Sku:
    """A SKU with `tiers` of (from which usage on, units, nanos)."""
    rates = [
        types.PricingExpression.TierRate(
            start_usage_amount=start, unit_price=Money(currency_code=currency, units=units, nanos=nanos)
        )
        for start, units, nanos in tiers
    ]
    expression = types.PricingExpression(usage_unit=code, usage_unit_description=unit, tiered_rates=rates)
    return types.Sku(
        sku_id=sku_id,
        description=f"What {sku_id} is",
        category=types.Category(
            service_display_name="Compute Engine", resource_family="Compute", usage_type="OnDemand"
        ),
        service_regions=["us-central1", "us-east1"],
        pricing_info=[
            types.PricingInfo(effective_time=Timestamp(seconds=1_780_000_000), pricing_expression=expression)
        ],
    )


def serve(fake: FakeBilling) -> tuple[grpc.Server, str]:
    """Starts the server on a free port; its address, as --billing-endpoint takes it."""
    server = grpc.server(ThreadPoolExecutor(4))
    for service, methods in _METHODS.items():
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                _answer(fake, method), request_deserializer=request.deserialize, response_serializer=response.serialize
            )
            for name, (method, request, response) in methods.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, f"insecure://127.0.0.1:{port}"


_METHODS: dict[str, dict[str, tuple[Callable[..., Any], Any, Any]]] = {
    "google.cloud.billing.v1.CloudCatalog": {
        "ListServices": (FakeBilling.list_services, types.ListServicesRequest, types.ListServicesResponse),
        "ListSkus": (FakeBilling.list_skus, types.ListSkusRequest, types.ListSkusResponse),
    },
    "google.cloud.billing.v1.CloudBilling": {
        "GetBillingAccount": (FakeBilling.get_billing_account, types.GetBillingAccountRequest, types.BillingAccount),
        "ListProjectBillingInfo": (
            FakeBilling.list_project_billing_info,
            types.ListProjectBillingInfoRequest,
            types.ListProjectBillingInfoResponse,
        ),
    },
}


def _answer(fake: FakeBilling, method: Callable[..., Any]) -> Callable[..., Any]:
    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        fake.asked.append(request)
        if fake.failures:
            context.abort(fake.failures.pop(0), "told to fail")
        try:
            return method(fake, request)
        except LookupError as error:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no {error}")

    return answer


def _page(every: Sequence[Any], token: str) -> tuple[list[Any], str]:
    start = int(token or 0)
    end = start + PAGE
    return list(every[start:end]), str(end) if end < len(every) else ""
