"""A real Prometheus gives back the hours that are in its samples, whatever happened to the series."""

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.gpu.minutes import WHOLE_HOUR, count, span
from tests.ingest.telemetry.prometheus import cluster as c
from tests.ingest.telemetry.prometheus.cluster import Cluster
from tests.ingest.telemetry.prometheus.conftest import Pull, Pulled

KEYS = ["gpu_uuid", "gpu_instance_id", "hour_number"]


@pytest.fixture(scope="module")
def source(cluster: Cluster) -> pd.DataFrame:
    """The samples as they went in."""
    rows = [
        {
            "gpu_uuid": each.gpu_uuid,
            "gpu_instance_id": each.gpu_instance_id,
            "pod": each.pod,
            "at": each.at,
            **each.values,
        }
        for each in cluster.samples
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(hour_number=(frame["at"] // 3600).astype(int), minute=(frame["at"] % 3600 // 60).astype(int))


@pytest.fixture(scope="module")
def hours(day: Pull) -> pd.DataFrame:
    return day.frame("SELECT *, epoch(hour)::BIGINT // 3600 AS hour_number FROM gpu_hours")


def joined(source: pd.DataFrame, hours: pd.DataFrame, **wanted: tuple[str, Any]) -> pd.DataFrame:
    expected = source.groupby(KEYS).agg(**{f"{name}_expected": told for name, told in wanted.items()}).reset_index()
    found = expected.merge(hours, on=KEYS, how="outer", validate="one_to_one")
    assert len(found) == len(expected) == len(hours)
    return found


def test_averages_and_maxima_are_those_of_pandas_on_the_source(source: pd.DataFrame, hours: pd.DataFrame) -> None:
    found = joined(
        source,
        hours,
        activity_avg=(c.ENGINE, "mean"),
        activity_max=(c.ENGINE, "max"),
        fb_used_mib_avg=(c.MEMORY, "mean"),
        fb_used_mib_max=(c.MEMORY, "max"),
        power_watts_avg=(c.POWER, "mean"),
        gpu_util_avg=(c.UTIL, "mean"),
    )
    for name in (
        "activity_avg",
        "activity_max",
        "fb_used_mib_avg",
        "fb_used_mib_max",
        "power_watts_avg",
        "gpu_util_avg",
    ):
        np.testing.assert_allclose(found[name], found[f"{name}_expected"], rtol=1e-12, err_msg=name)


def test_samples_count_once_also_from_two_servers_and_across_a_restart(
    source: pd.DataFrame, hours: pd.DataFrame
) -> None:
    found = joined(source, hours, sample_count=(c.ENGINE, "size"))
    assert (found["sample_count"] == found["sample_count_expected"]).all()
    restarted = found[(found["gpu_uuid"] == c.uuid(c.TRAINER)) & (found["hour_number"] == c.RESTART // 3600)]
    assert restarted["sample_count"].tolist() == [30 + 46]  # twice a minute, then once; one minute is shared


def test_minutes_are_those_of_the_samples(source: pd.DataFrame, hours: pd.DataFrame) -> None:
    bits = source.assign(
        observed=[1 << minute for minute in source["minute"]],
        active=[
            (1 << minute) if engine > 0 else 0
            for minute, engine in zip(source["minute"], source[c.ENGINE], strict=True)
        ],
    )
    found = joined(bits, hours, observed=("observed", np.bitwise_or.reduce), active=("active", np.bitwise_or.reduce))
    assert (found["observed"] == found["observed_expected"]).all()
    assert (found["active"] == found["active_expected"]).all()


def test_a_gap_is_not_seen_and_not_idle(hours: pd.DataFrame) -> None:
    gapped = hours[hours["gpu_uuid"] == c.uuid(c.GAPPED)].set_index("hour_number")
    first = c.GAP[0] // 3600
    assert gapped.loc[first, "observed"] == span(0, 20)
    assert first + 1 not in gapped.index
    assert len(gapped) == 23


def test_energy_is_what_the_counter_grew_by_and_a_reset_begins_at_nothing(
    source: pd.DataFrame, hours: pd.DataFrame
) -> None:
    board = c.uuid(c.RELOADED)
    readings = source[source["gpu_uuid"] == board].sort_values("at")
    # Readings are taken every five minutes: what lies between two of them is not told apart.
    closest = readings.groupby(((readings["at"] - c.START) // 300).astype(int)).last()
    grown = closest[c.ENERGY].diff()
    grown = grown.mask(grown < 0, closest[c.ENERGY])
    expected = grown.groupby(closest["hour_number"]).sum()
    found = hours[hours["gpu_uuid"] == board].set_index("hour_number")["energy_mj"].sort_index()
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert (found > 0).all()


def test_energy_counts_once_for_a_board_in_parts(hours: pd.DataFrame) -> None:
    parts = hours[hours["gpu_uuid"] == c.uuid(c.MIG)]
    assert set(parts["gpu_instance_id"]) == {1, 2}
    assert parts.groupby("hour_number")["energy_mj"].count().eq(1).all()
    assert set(parts["mig_profile"]) == {"3g.40gb"}


def test_profiling_that_is_stuck_at_nothing_is_suspect(hours: pd.DataFrame) -> None:
    stuck = hours[hours["gpu_uuid"] == c.uuid(c.STUCK)]
    assert (stuck["suspect"] == stuck["observed"]).all()
    assert (hours[hours["gpu_uuid"] != c.uuid(c.STUCK)]["suspect"] == 0).all()


def test_a_board_that_fell_off_the_bus_is_unavailable(hours: pd.DataFrame) -> None:
    broken = hours[hours["gpu_uuid"] == c.uuid(c.BROKEN)].set_index("hour_number")["unavailable"]
    down = broken.index >= c.BROKEN_FROM // 3600
    assert (broken[down] == WHOLE_HOUR).all()
    assert (broken[~down] == 0).all()


def test_owners_are_those_that_were_exported_and_the_exporter_is_none(
    source: pd.DataFrame, hours: pd.DataFrame
) -> None:
    found = joined(source.fillna({"pod": ""}), hours.fillna({"pod": ""}), pod=("pod", "first"))
    assert (found["pod"] == found["pod_expected"]).all()
    nobody = found[found["gpu_uuid"] == c.uuid(c.NOBODY)]
    assert set(nobody["pod"]) == {""}
    assert nobody["namespace"].isna().all()


def test_teams_come_by_a_left_join_and_by_the_controller_where_the_pod_has_none(hours: pd.DataFrame) -> None:
    teams = hours.groupby("gpu_uuid")["team"].agg(lambda each: each.iloc[0])
    assert teams[c.uuid(8)] == "training"
    assert teams[c.uuid(9)] == "serving"
    assert teams[c.uuid(c.GAPPED)] == "serving"  # by other pods of its ReplicaSet
    assert pd.isna(teams[c.uuid(c.NOBODY)])
    trainer = hours[hours["gpu_uuid"] == c.uuid(c.TRAINER)]
    assert trainer["namespace"].eq("nlp").all()


def test_nodes_are_found_by_the_pod_of_the_exporter(hours: pd.DataFrame) -> None:
    assert set(hours["hostname"]) == {"node-0", "node-1"}
    assert set(hours[hours["gpu_uuid"] == c.uuid(9)]["hostname"]) == {"node-1"}


def test_the_pull_says_what_was_asked_of_whom(day: Pull, server: str) -> None:
    told = json.loads((day.folder / "pull.json").read_text())
    assert (told["server"], told["scrape_interval"]) == (server, 60)
    assert told["version"].startswith(("2.", "3."))
    assert told["holds_start"] is told["version"].startswith("2.")
    assert all((day.folder / each["file"]).exists() for each in told["answers"])
    assert any("avg_over_time(DCGM_FI_PROF_GR_ENGINE_ACTIVE[" in each["query"] for each in told["answers"])
    assert day.window == (datetime(2025, 3, 2, tzinfo=UTC), datetime(2025, 3, 3, tzinfo=UTC))
    assert day.opening.refusals.count == 0


def test_the_same_hours_pulled_again_are_the_same_bytes(server: str, pulled: Pulled) -> None:
    first, second = pulled(server, first=2, last=4), pulled(server, first=2, last=4)
    names = sorted(each.name for each in first.folder.iterdir())
    assert names == sorted(each.name for each in second.folder.iterdir())
    assert all((first.folder / name).read_bytes() == (second.folder / name).read_bytes() for name in names)


def test_a_day_is_the_sum_of_its_parts(server: str, pulled: Pulled, hours: pd.DataFrame) -> None:
    """Pulling some hours gives what pulling the day gave for them: nothing leaks over a border."""
    part = pulled(server, first=3, last=5).frame("SELECT *, epoch(hour)::BIGINT // 3600 AS hour_number FROM gpu_hours")
    whole = hours[hours["hour_number"].isin(part["hour_number"])]
    part, whole = (frame.sort_values(KEYS).reset_index(drop=True) for frame in (part, whole))
    pd.testing.assert_frame_equal(part, whole)


def test_matchers_choose_the_boards(server: str, pulled: Pulled) -> None:
    found = pulled(server, first=0, last=1, matchers=(f'UUID="{c.uuid(9)}"',)).frame()
    assert set(found["gpu_uuid"]) == {c.uuid(9)}


def test_sixty_bits_of_every_hour_are_there(hours: pd.DataFrame) -> None:
    sound = hours[~hours["gpu_uuid"].isin({c.uuid(c.GAPPED)})]
    assert {count(int(each)) for each in sound["observed"]} == {60}
