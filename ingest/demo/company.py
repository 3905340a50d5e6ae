"""Acme AI: a demo company's cloud bills, written as the FOCUS files its providers would deliver.

Acme has seven teams in three groups: pre-training, fine-tuning and the research sandbox in Research; search and speech
in Product; the inference platform and data in Platform. It buys from AWS, Google Cloud, Azure (which bills in EUR),
OpenAI and Anthropic. Its bills cover the thirteen closed months before today and the running month up to yesterday.

The story they tell, in months before the running one:

- 13: Serving runs on a savings plan paid upfront; after its year a larger one follows (month 1), so billed cost jumps
  twice where effective cost is smooth.
- 9, 8, 7, 6, 1: each provider but one gives a credit.
- 5: Fine-tuning adopts LoRA; its GPU-hours fall by 60 % within ten days.
- 4, 3, 2: Pre-training's big run: 26 nodes of eight H100s, twelve of them on a savings plan bought for it, and some
  H200s on spot at Google.
- 3: The inference platform, which had grown 6 % a month, serves quantized weights: a fifth smaller, and flat since.
- 2: AWS refunds a node that failed in month 4: a correction in a new bill with old charge periods.
- 1, 0: The run is over and most of its savings plan goes unused. Two B200 nodes are tried instead.
- 1: Search launches a feature on OpenAI's large model and its bill leaps, until it routes to a smaller model on
  the 22nd.
- All along: speech holds its A100s through every weekend, so its bill is flat; an old AWS account runs V100s that
  nobody tagged; shared clusters, networking, logs, support and tax belong to everybody.

The bills mix what real ones mix: FOCUS 1.0, 1.2 and 1.3; Parquet, gzipped and plain CSV; savings plans, committed use
and reservations; spot, credits, tax and a correction. AWS delivers its last closed month a second time: log charges
that were metered late, and a credit, were missing from the first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from ingest.demo import aws, azure, gcp, models
from ingest.demo.aws_offers import CLOUDWATCH
from ingest.demo.draw import Dice
from ingest.demo.estate import Bill, Estate
from ingest.demo.files import write_csv, write_csv_gz, write_parquet
from ingest.demo.row import FOCUS_1_0, FOCUS_1_2, FOCUS_1_3, Row
from ingest.demo.when import Month, months_until

POLICY = Path(__file__).with_name("policy.yaml")
LATE_DAYS = 3


@dataclass(frozen=True)
class DemoDelivery:
    """A folder or file of one source, to be ingested in the order in which deliveries are listed."""

    source: str
    path: Path
    note: str


@dataclass(frozen=True)
class _Source:
    """A provider's estate and the way its bills come: file suffix, columns and writer."""

    name: str
    estate: Estate
    suffix: str
    columns: Sequence[str]
    write: Callable[[Path, Sequence[str], Sequence[Row]], None]
    note: str


def write_company(folder: Path, *, today: date, seed: int = 20260101) -> list[DemoDelivery]:
    """Write every bill under `folder` and list the deliveries in the order in which they arrived.

    The same `today` and `seed` give the same bytes.
    """
    months, dice = months_until(today), Dice(seed)
    deliveries, restated = [], []
    for source in _sources():
        bills = source.estate.bills(months, dice)
        first = [_as_first_delivered(bill) for bill in bills] if source.name == "aws" else bills
        deliveries.append(_deliver(source, first, folder / source.name, source.note))
        if source.name == "aws":
            last = next(bill for bill in bills if bill.month.months_ago == 1)
            restated.append(_restate(source, last, folder / "aws-restated"))
    return deliveries + restated


def _sources() -> tuple[_Source, ...]:
    bom_csv = partial(write_csv, byte_order_mark=True)
    azure_columns = (*FOCUS_1_0, "x_InvoiceId")
    return (
        _Source("aws", aws.estate(), ".parquet", FOCUS_1_2, write_parquet, "FOCUS 1.2 Parquet, tags as a map"),
        _Source("gcp", gcp.estate(), ".csv.gz", FOCUS_1_0, write_csv_gz, "FOCUS 1.0 gzipped CSV, 18 fractional digits"),
        _Source("azure", azure.estate(), ".csv", azure_columns, bom_csv, "FOCUS 1.0 CSV in EUR, byte order mark first"),
        _Source("openai", models.openai_estate(), ".csv", FOCUS_1_3, write_csv, "FOCUS 1.3 CSV"),
        _Source("anthropic", models.anthropic_estate(), ".csv", FOCUS_1_2, write_csv, "FOCUS 1.2 CSV"),
    )


def _deliver(source: _Source, bills: Sequence[Bill], folder: Path, note: str) -> DemoDelivery:
    folder.mkdir(parents=True, exist_ok=True)
    for bill in bills:
        source.write(folder / f"{bill.month.period.label}{source.suffix}", source.columns, bill.rows)
    return DemoDelivery(source.name, folder, note)


def _restate(source: _Source, bill: Bill, folder: Path) -> DemoDelivery:
    label = bill.month.period.label
    _deliver(source, [bill], folder, source.note)
    note = f"{label} again: log charges metered late and a credit"
    return DemoDelivery(source.name, folder / f"{label}{source.suffix}", note)


def _as_first_delivered(bill: Bill) -> Bill:
    """A bill as AWS first delivered it: the last closed month was still incomplete."""
    if bill.month.months_ago != 1:
        return bill
    return Bill(bill.month, [row for row in bill.rows if not _came_late(row, bill.month)])


def _came_late(row: Row, month: Month) -> bool:
    used = row["ChargePeriodStart"]
    assert isinstance(used, date)
    is_late_log = row["ServiceName"] == CLOUDWATCH.name and used >= month.period.end - timedelta(days=LATE_DAYS)
    return is_late_log or row["ChargeCategory"] == "Credit"
