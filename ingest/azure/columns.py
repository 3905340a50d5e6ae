"""What Azure's cost details call their columns: one name of ours for every spelling there is.

EA and MCA files, portal downloads and the APIs differ in case, blanks and words (`Cost`, `CostInBillingCurrency`,
`PreTaxCost`). Names are compared without case, blanks, underscores and hyphens.
Source: "Understand cost details fields" and "Cost and usage details file schemas" (EA, MCA, CSP, pay-as-you-go).
"""

from collections.abc import Mapping, Sequence

from ingest.engine.duckdb import quoted

# Ours -> theirs, the best first: where a row has a value under several, the first counts.
SPELLINGS: Mapping[str, Sequence[str]] = {
    "cost": ("costinbillingcurrency", "cost", "pretaxcost", "extendedcost"),
    "currency": ("billingcurrency", "billingcurrencycode", "currency"),
    "date": ("date", "usagedatetime", "usagedate", "chargedate"),
    "charge_type": ("chargetype",),
    "pricing_model": ("pricingmodel",),
    "frequency": ("frequency",),
    "period_start": ("billingperiodstartdate", "billingperiodstart"),
    "period_end": ("billingperiodenddate", "billingperiodend"),
    "account_id": ("billingaccountid", "enrollmentnumber"),
    "account_name": ("billingaccountname",),
    "profile_id": ("billingprofileid",),
    "profile_name": ("billingprofilename",),
    "subscription_id": ("subscriptionid", "subscriptionguid"),
    "subscription_name": ("subscriptionname",),
    "resource_group": ("resourcegroup", "resourcegroupname"),
    "resource_id": ("resourceid", "instanceid"),
    "resource_name": ("resourcename", "instancename"),
    "location": ("resourcelocation", "resourcelocationnormalized", "location"),
    "zone": ("availabilityzone",),
    "provider": ("consumedservice",),
    "meter_id": ("meterid",),
    "meter_name": ("metername", "meter"),
    "meter_category": ("metercategory",),
    "meter_subcategory": ("metersubcategory",),
    "meter_region": ("meterregion",),
    "family": ("servicefamily",),
    "product": ("productname", "product"),
    "product_id": ("productid",),
    "part_number": ("partnumber",),
    "plan": ("planname",),
    "quantity": ("quantity", "usagequantity", "consumedquantity"),
    "measure": ("unitofmeasure",),
    "effective_price": ("effectiveprice", "resourcerate"),
    "unit_price": ("unitprice",),
    "list_price": ("paygprice",),
    "list_cost": ("paygcostinbillingcurrency",),
    "pricing_currency": ("pricingcurrency", "pricingcurrencycode"),
    "benefit_id": ("benefitid",),
    "benefit_name": ("benefitname",),
    "reservation_id": ("reservationid",),
    "reservation_name": ("reservationname",),
    "order_id": ("productorderid",),
    "order_name": ("productordername",),
    "term": ("term",),
    "publisher_type": ("publishertype",),
    "publisher": ("publishername",),
    "partner": ("partnername",),
    "invoice_id": ("invoiceid", "invoicenumber"),
    "invoice_section": ("invoicesectionname", "invoicesection", "departmentname"),
    "invoice_section_id": ("invoicesectionid",),
    "account_owner": ("accountname",),
    "cost_center": ("costcenter",),
    "offer": ("offerid",),
    "tags": ("tags",),
    "details": ("additionalinfo", "additionalproperties"),
    "rule": ("costallocationrulename",),
}
_NEEDED = ("cost", "currency", "date")


def spelled(columns: Sequence[str], ours: str) -> tuple[str, ...]:
    """The columns of a file that hold what we call `ours`, the best first."""
    folded = {_fold(name): name for name in columns}
    return tuple(folded[spelling] for spelling in SPELLINGS[ours] if spelling in folded)


def missing(columns: Sequence[str]) -> tuple[str, ...]:
    """What a file of cost details must have and this one has not, under the first of its spellings."""
    return tuple(SPELLINGS[ours][0] for ours in _NEEDED if not spelled(columns, ours))


def text(columns: Sequence[str], ours: str) -> str:
    """SQL for what we call `ours` in a file with these `columns`: text without blanks around it, or NULL."""
    found = [f"nullif(trim(CAST({_identifier(name)} AS VARCHAR)), '')" for name in spelled(columns, ours)]
    if not found:
        return "CAST(NULL AS VARCHAR)"
    return f"coalesce({', '.join(found)})" if len(found) > 1 else found[0]


def source_of(columns: Sequence[str], ours: str) -> str:
    """SQL for the name of the column that `text` takes its value from; NULL where it has none."""
    found = [
        f"WHEN nullif(trim(CAST({_identifier(name)} AS VARCHAR)), '') IS NOT NULL THEN {quoted(name)}"
        for name in spelled(columns, ours)
    ]
    return f"CASE {' '.join(found)} END" if found else "CAST(NULL AS VARCHAR)"


def _fold(name: str) -> str:
    return "".join(name.casefold().split()).replace("_", "").replace("-", "")


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
