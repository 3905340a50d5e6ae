"""AWS Cost Explorer: daily cost by service and account, as a quick start and as a cross-check of an export.

It has no line items and sees no tags, and its recent days are estimates, so it never counts beside an export of the
same account. Each request costs USD 0.01; `ingest.aws.explorer_pages` keeps the answers.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from pydantic import Field

from app.domain.period import next_month
from app.errors import BadInput, NotPermitted, TrueupError
from app.settings import settings as trueup_settings
from ingest.aws.explorer_pages import Explorer, request
from ingest.aws.explorer_rows import COLUMNS, account_names, focus_rows, page_rows, read_page
from ingest.aws.refusals import asking, storing
from ingest.aws.session import Aws, AwsSettings, connect, identity
from ingest.delivery import OpenDelivery, open_rows
from ingest.files import Progress
from ingest.kind import Access, Kind, Offer, Opening, Window
from ingest.staging import stage_rows

ACCOUNT = "account.json"  # beside the pages: whose bill they tell of, which no page says
SETTLED_AFTER = timedelta(days=15)  # AWS finishes a month's bill in the two weeks after it (Data Exports user guide)


class ExplorerSettings(AwsSettings):
    """Whose costs are asked for, and how often."""

    billing_account_id: str | None = Field(None, description="the payer account; else as AWS Organizations says")
    refresh_days: int = Field(1, ge=1, description="how many days pass before a running month is asked for again")
    probe: bool = Field(default=False, description="let `trueup doctor` make one request, which costs USD 0.01")


def open_explorer(opening: Opening) -> OpenDelivery:
    """Opens pages of GetCostAndUsage and the account they are of.

    Raises BadInput when a page is broken, a day comes twice, or nothing says whose account it is.
    """
    files = [file for file in opening.files if Path(file.name).name != ACCOUNT]
    noted = [file for file in opening.files if Path(file.name).name == ACCOUNT]
    if not files:
        raise BadInput(
            "There is no page of Cost Explorer here. Hand over the answers of GetCostAndUsage as JSON files."
        )
    account = opening.settings.billing_account_id or _noted_account([file.path for file in noted])
    pages = [read_page(file) for file in files]
    names = account_names(pages)
    seen: dict[tuple[str | None, ...], str] = {}
    staged = []
    for file, page in zip(files, pages, strict=True):
        rows = list(page_rows(page, file.name, names, account))
        for row in rows:
            key = (row["start"], row["service"], row["account"])
            if key in seen:
                raise BadInput(
                    f"{file.name} and {seen[key]} both have {row['start']} of {row['service']} in account"
                    f" {row['account']}. Hand over one answer for each day."
                )
            seen[key] = file.name
        staged.append(stage_rows(file, rows, COLUMNS, opening.scratch))
    return open_rows(
        opening.backend,
        staged,
        version="Cost Explorer",
        focus_rows=focus_rows,
        key_extras=opening.settings.key_extras,
        set_aside=[(file, "account") for file in noted],
    )


def explorer_offers(settings: ExplorerSettings, window: Window) -> Iterator[Offer]:
    """One offer for each month, without asking for it.

    A month that is settled has one version for ever; a running one has another every `refresh_days`.
    """
    month = window.start
    while month < window.end and month <= window.today:
        settled = window.today >= next_month(month) + SETTLED_AFTER
        days = window.today.toordinal()
        asked_on = date.fromordinal(days - days % settings.refresh_days)
        as_of = "settled" if settled else str(asked_on)
        yield Offer(f"{month:%Y-%m}", as_of, f"Cost Explorer {month:%Y-%m}", partial(_fetch, settings, month, as_of))
        month = next_month(month)


def check_explorer(settings: ExplorerSettings) -> Iterator[Access]:
    """Whether we are let in, know the payer account, and, if told to `probe`, may ask for costs."""
    if settings.path or not settings.fetches:
        return
    try:
        aws = connect(settings)
        who = identity(aws)
        yield Access(ok=True, message=f"sts:GetCallerIdentity: {who.arn}")
        yield _payer_access(aws, settings)
        if not settings.probe:
            yield Access(
                ok=True,
                message="ce:GetCostAndUsage: not tried, because a request costs USD 0.01; set --probe to have it tried",
            )
            return
        with asking("AWS Cost Explorer"):
            aws.client("ce").get_cost_and_usage(**request(who.today - timedelta(days=1), who.today))
        yield Access(ok=True, message="ce:GetCostAndUsage: answered (USD 0.01)")
    except TrueupError as error:
        yield Access(ok=False, message=str(error))


KIND = Kind(
    "aws-cost-explorer",
    "AWS Cost Explorer: daily estimates by service and account, each request USD 0.01",
    open_explorer,
    settings=ExplorerSettings,
    suffixes=(".json",),
    offers=explorer_offers,
    check=check_explorer,
    trailing_months=2,
    cadence_minutes=1440,
    estimates=True,
)


def _fetch(settings: ExplorerSettings, month: date, as_of: str, folder: Path, progress: Progress) -> Sequence[Path]:
    aws = connect(settings)
    account = identity(aws).account_id
    cache = trueup_settings().data_dir / "cache" / "aws-cost-explorer"
    explorer = Explorer(aws.client("ce"), cache, f"{account} {settings.endpoint_url or ''}".strip())
    pages = explorer.month(month, as_of, progress)
    payer = settings.billing_account_id or _payer(aws) or account
    with storing(str(folder)):
        for number, content in enumerate(pages, 1):
            (folder / f"{month:%Y-%m}-page-{number:04}.json").write_bytes(content)
        (folder / ACCOUNT).write_text(json.dumps({"billing_account_id": payer}) + "\n")
    return [folder]


def _payer(aws: Aws) -> str | None:
    """The account that pays; None when this one is in no organization or may not ask."""
    organizations = aws.client("organizations")
    try:
        with asking("AWS organizations:DescribeOrganization"):
            found = organizations.describe_organization()["Organization"]["MasterAccountId"]
            return str(found)
    except (NotPermitted, BadInput):  # BadInput: AWSOrganizationsNotInUseException
        return None


def _payer_access(aws: Aws, settings: ExplorerSettings) -> Access:
    payer = settings.billing_account_id or _payer(aws)
    if payer:
        return Access(ok=True, message=f"payer account {payer}")
    return Access(
        ok=False,
        message="organizations:DescribeOrganization does not say which account pays. Allow it, or give"
        " --billing-account-id; without, this account counts as the payer.",
    )


def _noted_account(notes: Sequence[Path]) -> str:
    found = set()
    for note in notes:
        try:
            found.add(str(json.loads(note.read_bytes())["billing_account_id"]))
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{note.name} does not say the billing_account_id ({error}). Fetch it again.") from error
    if len(found) != 1:
        raise BadInput("Nothing here says which account pays, or several do. Give the source --billing-account-id.")
    return found.pop()
