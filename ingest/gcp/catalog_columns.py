"""Columns that a catalogue adds to the rows of an export, and what fills the gaps of the export with them."""

import ibis
from ibis import Column

from ingest.gcp.fields import Fields
from ingest.gcp.settings import GcpSettings

LIST_UNIT_PRICE = "catalog.list_unit_price"
LIST_COST = "catalog.list_cost"
PROJECT_NAME = "catalog.project_name"
BILLED_PROJECT = "catalog.billing_account_of_project"
ACCOUNT_NAME = "catalog.billing_account_name"


def account_name(fields: Fields, account: Column, settings: GcpSettings) -> Column:
    """What to call a billing account: as told, as Google has it, or by its id."""
    if settings.billing_account_name:
        return ibis.literal(settings.billing_account_name)
    return ibis.coalesce(fields.text(ACCOUNT_NAME), account)
