"""AWS Cost and Usage Reports: CUR 1 and CUR 2.0 as CSV, gzipped CSV or Parquet, at hand or in a report's bucket."""

from ingest.aws.cur import open_cur
from ingest.aws.cur_bucket import CurSettings, check_cur, cur_offers, report_files
from ingest.delivery import OpenDelivery
from ingest.files import SUFFIXES
from ingest.kind import Kind, Opening


def open_cur_files(opening: Opening) -> OpenDelivery:
    """Opens all files but the manifests as one report. Raises BadInput as `open_cur` does."""
    return open_cur(opening, [file for file in opening.files if not file.name.lower().endswith(".json")])


KIND = Kind(
    "aws-cur",
    "AWS Cost and Usage Reports, CUR 1 and CUR 2.0",
    open_cur_files,
    settings=CurSettings,
    suffixes=(*SUFFIXES, ".json"),
    choose=report_files,
    offers=cur_offers,
    check=check_cur,
)
