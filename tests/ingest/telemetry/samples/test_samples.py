"""Plain tables of samples: Parquet in the schema is read where it lies, and no cell is dropped without a word."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.gpu.sample import SAMPLE_COLUMNS
from app.errors import BadInput
from app.settings import Settings
from ingest.engine.duckdb import engine
from ingest.files import SourceFile
from ingest.pipeline import no_progress
from ingest.telemetry.kind import TelemetryOpening
from ingest.telemetry.sample_writer import BY_NAME, SAMPLE_SCHEMA, write_samples
from ingest.telemetry.samples.kind import KIND
from tests.ingest.telemetry.reading import NINE, Read, read

AT = "2026-03-02T09:00:00Z"


def read_csv(folder: Path, *lines: str, **told: Any) -> Read:
    table = folder / "gpu.csv"
    table.write_text("\n".join(lines) + "\n")
    return read(KIND, folder, table, **told)


def test_a_table_with_all_columns_is_read_as_it_says(tmp_path: Path) -> None:
    row = {
        "timestamp": AT, "gpu_uuid": "GPU-1", "gpu_instance_id": "3", "mig_profile": "3g.40gb", "hostname": "gpu-1",
        "model": "NVIDIA H100 80GB HBM3", "gpu_util_percent": "97", "sm_active_ratio": "0.81",
        "gr_engine_active_ratio": "0.97", "tensor_active_ratio": "0.4", "dram_active_ratio": "0.3",
        "fb_used_mib": "70100", "fb_total_mib": "81559", "power_watts": "611.2", "energy_mj": "611200000", "xid": "0",
        "namespace": "nlp", "pod": "trainer-0", "container": "main", "job_id": "4711", "user_name": "ana",
        "account": "research", "team": "nlp",
    }  # fmt: skip
    assert list(row) == [column.name for column in SAMPLE_COLUMNS]
    found = read_csv(tmp_path, ",".join(row), ",".join(row.values()))
    typed = {
        name: text if BY_NAME[name].type == "VARCHAR" else float(text)
        for name, text in row.items()
        if name != "timestamp"
    }
    assert found.samples == [{"timestamp": NINE, **typed}]
    assert (found.refusals.count, found.notes) == (0, [])


@pytest.mark.parametrize(
    "written",
    [AT, "2026-03-02 09:00:00Z", "2026-03-02T10:00:00+01:00", "2026-03-02T04:00:00-0500", "2026-03-02T09:00Z",
     "2026-03-02 10:00+01:00",
     "2026-03-02T09:00:00.000+00", "1772442000", "1772442000000", "1772442000000000", "1772442000000000000",
     "1772442000.0"],
)  # fmt: skip
def test_a_time_has_a_zone_or_is_an_epoch(tmp_path: Path, written: str) -> None:
    assert [each["timestamp"] for each in read_csv(tmp_path, "timestamp,gpu_uuid", f"{written},GPU-1").samples] == [
        NINE
    ]


def test_a_time_without_a_zone_is_refused_unless_one_is_set(tmp_path: Path) -> None:
    lines = ("timestamp,gpu_uuid", "2026-03-02 10:00:00,GPU-1", f"{AT},GPU-2")
    found = read_csv(tmp_path, *lines)
    assert [each["gpu_uuid"] for each in found.samples] == ["GPU-2"]
    (reason,) = found.reasons
    assert reason.startswith("gpu.csv, row 2: timestamp '2026-03-02 10:00:00' has no time zone;")
    other = tmp_path / "other"
    other.mkdir()
    assert {each["timestamp"] for each in read_csv(other, *lines, timezone="Europe/Berlin").samples} == {NINE}


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("gpu_util_percent", "101", "is outside of 0 to 100 %"),
        ("gpu_util_percent", "-1", "is outside of 0 to 100 %"),
        ("sm_active_ratio", "97", "is outside of 0 to 1"),
        ("power_watts", "abc", "is no number"),
        ("power_watts", "1,5", "is no number"),
        ("fb_used_mib", "inf", "is outside of 0 to 1e+07 MiB"),
        ("xid", "79.5", "is outside of 0 to 100000 in whole numbers"),
    ],
)
def test_a_cell_that_cannot_be_used_is_refused_and_the_rest_of_its_row_read(
    tmp_path: Path, column: str, cell: str, reason: str
) -> None:
    found = read_csv(tmp_path, f"timestamp,gpu_uuid,pod,{column}", f'{AT},GPU-1,a,"{cell}"', f"{AT},GPU-2,b,1")
    assert [(each["pod"], each[column]) for each in found.samples] == [("a", None), ("b", 1)]
    assert found.reasons == [f"gpu.csv, row 2: {column} '{cell}' {reason}"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",GPU-1,", "timestamp is empty"),
        (f"{AT},,", "gpu_uuid is empty"),
        (f'{AT},"  ",', "gpu_uuid is empty"),
        ("yesterday,GPU-1,", "timestamp 'yesterday' is no time such as 2026-03-02T10:00:00Z"),
        ("2026-02-30T00:00:00Z,GPU-1,", "is no time such as"),
        (f"{AT},GPU-1,one", "gpu_instance_id 'one' is no number"),
        (f"{AT},GPU-1,200", "gpu_instance_id '200' is outside of -1 to 127 in whole numbers"),
    ],
)
def test_a_row_whose_time_or_board_cannot_be_read_is_left_out_and_told(tmp_path: Path, row: str, reason: str) -> None:
    found = read_csv(tmp_path, "timestamp,gpu_uuid,gpu_instance_id", row, f"{AT},GPU-2,")
    assert [each["gpu_uuid"] for each in found.samples] == ["GPU-2"]
    assert len(found.reasons) == found.refusals.count == 1
    assert found.reasons[0].startswith("gpu.csv, row 2: ")
    assert reason in found.reasons[0]


def test_empty_cells_and_nan_are_no_value(tmp_path: Path) -> None:
    found = read_csv(tmp_path, "timestamp,gpu_uuid,pod,power_watts,xid", f'{AT},GPU-1,"",NaN,', f'{AT},GPU-2," ",,0.0')
    assert [(each["pod"], each["power_watts"], each["xid"]) for each in found.samples] == [
        (None, None, None),
        (None, None, 0),
    ]
    assert found.refusals.count == 0


def test_more_refusals_than_can_be_told_are_counted(tmp_path: Path) -> None:
    found = read_csv(tmp_path, "timestamp,gpu_uuid,xid", *[f"{AT},GPU-1,x"] * 250)
    assert (found.refusals.count, len(found.refusals.first)) == (250, 100)


def test_columns_that_samples_do_not_have_are_told(tmp_path: Path) -> None:
    found = read_csv(tmp_path, "Timestamp, GPU_UUID ,fan_speed", f"{AT},GPU-1,40")
    assert [each["gpu_uuid"] for each in found.samples] == ["GPU-1"]
    assert found.notes == ["gpu.csv: samples have no column 'fan_speed'; it was not read."]


def test_a_table_without_its_required_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gpu\.csv, row 1: the column gpu_uuid is missing"):
        read_csv(tmp_path, "timestamp,uuid", f"{AT},GPU-1")


def test_a_table_of_which_no_row_can_be_used_is_refused_with_the_first_reason(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"has no row that can be used.*row 2: timestamp 'noon' is no time"):
        read_csv(tmp_path, "timestamp,gpu_uuid", "noon,GPU-1")


def in_schema(target: Path, **cells: object) -> Path:
    write_samples([{"timestamp": NINE, "gpu_uuid": "GPU-1", **cells}], target)
    return target


def test_parquet_in_the_schema_is_read_where_it_lies(tmp_path: Path) -> None:
    lying = in_schema(tmp_path / "gpu.parquet", gpu_util_percent=97, pod="a", gpu_instance_id=-1)
    found = read(KIND, tmp_path, lying)
    assert found.paths == [lying]
    assert found.samples[0]["gpu_util_percent"] == 97


def test_parquet_without_statistics_is_looked_through_and_read_where_it_lies(tmp_path: Path) -> None:
    lying, wrong = tmp_path / "gpu.parquet", tmp_path / "wrong.parquet"
    fine = [{"timestamp": NINE, "gpu_uuid": "GPU-1", "gpu_util_percent": 97.0, "pod": "a"}]
    pq.write_table(pa.Table.from_pylist(fine, SAMPLE_SCHEMA), lying, write_statistics=False)
    pq.write_table(
        pa.Table.from_pylist([{**fine[0], "gpu_util_percent": 300.0}, {**fine[0], "pod": ""}], SAMPLE_SCHEMA),
        wrong,
        write_statistics=False,
    )
    found = read(KIND, tmp_path, lying, wrong)
    assert found.paths[0] == lying
    assert found.paths[1] != wrong
    assert found.reasons == ["wrong.parquet, row 1: gpu_util_percent '300.0' is outside of 0 to 100 %"]
    assert [each["pod"] for each in found.samples] == [None, "a", "a"]


@pytest.mark.parametrize(
    ("cells", "reasons"),
    [
        ({"gpu_util_percent": 300.0}, ["gpu.parquet, row 1: gpu_util_percent '300.0' is outside of 0 to 100 %"]),
        ({"gpu_uuid": None}, ["gpu.parquet, row 1: gpu_uuid is empty"]),
        ({"pod": ""}, []),
        ({"pod": " a"}, []),
    ],
)
def test_parquet_with_a_cell_that_needs_a_look_is_rewritten(
    tmp_path: Path, cells: dict[str, object], reasons: list[str]
) -> None:
    table = tmp_path / "gpu.parquet"
    write_samples(
        [{"timestamp": NINE, "gpu_uuid": "GPU-1", **cells}, {"timestamp": NINE, "gpu_uuid": "GPU-2", "pod": "b"}], table
    )
    found = read(KIND, tmp_path, table)
    assert found.paths != [table]
    assert found.reasons == reasons
    assert "" not in {each["pod"] for each in found.samples}


def test_parquet_as_pandas_writes_it_is_read(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "timestamp": pd.date_range(NINE, periods=3, freq="min"),
            "gpu_uuid": "GPU-1",
            "gpu_instance_id": [None, -1, 3],  # floats, as pandas has it
            "gpu_util_percent": [1, 2, None],
        }
    )
    frame.to_parquet(tmp_path / "gpu.parquet")
    found = read(KIND, tmp_path, tmp_path / "gpu.parquet")
    assert [(each["gpu_instance_id"], each["gpu_util_percent"]) for each in found.samples] == [
        (None, 1),
        (-1, 2),
        (3, None),
    ]
    frame["timestamp"] = frame["timestamp"].dt.tz_localize(None)
    frame.to_parquet(tmp_path / "naive.parquet")
    (tmp_path / "set").mkdir()
    found = read(KIND, tmp_path / "set", tmp_path / "naive.parquet", timezone="UTC")
    assert found.samples[0]["timestamp"] == NINE
    (tmp_path / "unset").mkdir()
    with pytest.raises(BadInput, match="has no time zone"):
        read(KIND, tmp_path / "unset", tmp_path / "naive.parquet")


moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))  # noqa: DTZ001
ratios = st.none() | st.floats(-1, 2)


@settings(max_examples=12, deadline=None)
@given(rows=st.lists(st.tuples(moments, ratios, st.sampled_from(["", "a", "b"])), min_size=1, max_size=20))
def test_csv_and_parquet_say_the_same(rows: list[tuple[datetime, float | None, str]], tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("same")
    cells = [
        {"timestamp": at, "gpu_uuid": f"GPU-{number}", "sm_active_ratio": ratio, "pod": pod or None}
        for number, (at, ratio, pod) in enumerate(rows)
    ]
    write_samples(cells, folder / "gpu.parquet")
    pd.DataFrame(cells).to_csv(folder / "all.csv", index=False)
    (folder / "csv").mkdir()
    of_csv = read(KIND, folder / "csv", folder / "all.csv")
    of_parquet = read(KIND, folder, folder / "gpu.parquet")
    names = ("timestamp", "gpu_uuid", "sm_active_ratio", "pod")
    assert [[each[name] for name in names] for each in of_csv.samples] == [
        [each[name] for name in names] for each in of_parquet.samples
    ]
    wrong = sum(ratio is not None and not 0 <= ratio <= 1 for _, ratio, _ in rows)
    assert of_csv.refusals.count == of_parquet.refusals.count == wrong


def test_many_rows_that_lie_in_the_schema_are_not_read_at_all(tmp_path: Path) -> None:
    """Its statistics say that all is well, so that the time it takes does not depend on how many rows there are."""
    count = 1_000_000
    table = pa.table(
        {
            "timestamp": pa.array([NINE + timedelta(seconds=30)] * count, SAMPLE_SCHEMA.field("timestamp").type),
            "gpu_uuid": pa.array(["GPU-1"] * count),
            "gpu_util_percent": pa.array([50.0] * count),
        }
    )
    lying = tmp_path / "gpu.parquet"
    pq.write_table(table, lying)
    found = lying.stat().st_mtime_ns
    (tmp_path / "scratch").mkdir()
    (yielded,) = _opened_only(tmp_path, lying)
    assert yielded == lying
    assert lying.stat().st_mtime_ns == found
    assert not list((tmp_path / "scratch").rglob("*.parquet"))


def _opened_only(folder: Path, path: Path) -> list[Path]:
    scratch = folder / "scratch"
    with engine(Settings(data_dir=folder / "data", threads=2), scratch) as backend:
        opening = TelemetryOpening(backend, [SourceFile(path, path.name)], scratch, no_progress)
        return list(KIND.read(opening))


@pytest.mark.parametrize("written", ["1970-01-01T00:00:01Z", "2100-01-01T00:00:00Z", "1"])
def test_a_moment_that_nothing_was_sampled_at_is_refused(written: str, tmp_path: Path) -> None:
    found = read_csv(tmp_path, "timestamp,gpu_uuid", f"{AT},GPU-1", f"{written},GPU-1")
    assert [each["timestamp"] for each in found.samples] == [NINE]
    (reason,) = found.reasons
    assert "row 3" in reason
    assert "is not between 2000 and 2100" in reason


def test_in_parquet_too(tmp_path: Path) -> None:
    moments = [NINE, datetime(1970, 1, 1, tzinfo=UTC)]
    table = tmp_path / "gpu.parquet"
    write_samples([{"timestamp": each, "gpu_uuid": "GPU-1"} for each in moments], table)
    found = read(KIND, tmp_path, table)
    assert [each["timestamp"] for each in found.samples] == [NINE]
    assert found.refusals.count == 1
