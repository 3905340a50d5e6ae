"""Whose pod it was, on which node: what kube-state-metrics said, joined to the series that say a pod's name.

It is a left join: a pod that Kubernetes says nothing of keeps its namespace and name. A pod without a label of its own
(it was gone too soon) is of the team that others of its controller are of.
"""

from ingest.telemetry.hour_columns import OWNER_COLUMNS
from ingest.telemetry.prometheus.questions import Stat

# What Kubernetes puts after a controller's name: a ReplicaSet's hash, an index of a Job or the time of a CronJob.
# The alphabet of hashes has neither vowels nor 0, 1 and 3 (k8s.io/apimachinery/pkg/util/rand).
_HASH = "[bcdfghjklmnpqrstvwxz2456789]"
_SUFFIX = {"ReplicaSet": f"-{_HASH}{{1,10}}$", "Job": "-([0-9]+|" + _HASH + "{5})$"}


def _controller(name: str, kind: str) -> str:
    """A controller's name without what changes when it is rolled out or runs again."""
    cases = " ".join(f"WHEN '{each}' THEN regexp_replace({name}, '{suffix}', '')" for each, suffix in _SUFFIX.items())
    return f"CASE {kind} {cases} ELSE {name} END"


def _pods(stat: Stat) -> str:
    return f"(SELECT namespace, pod, day_number, max(name) AS name FROM pulled_pod WHERE stat = '{stat}' GROUP BY ALL)"


_OWNERS = ", ".join(each for each in OWNER_COLUMNS if each != "team")
_CONTROLLERS = (
    f"SELECT namespace, pod, max({_controller('name', 'kind')}) AS controller FROM pulled_pod"
    f" WHERE stat = '{Stat.CONTROLLER}' GROUP BY ALL"
)
_NODES = f"SELECT pod, day_number, max(name) AS name FROM pulled_pod WHERE stat = '{Stat.NODE}' GROUP BY ALL"
# Each series and day with its workload: a number for a board, an instance of it and an owner.
OWNED = f"""
WITH controllers AS ({_CONTROLLERS}), of_controllers AS (
    SELECT namespace, controller, max(name) AS name
    FROM controllers JOIN {_pods(Stat.TEAM)} AS teams USING (namespace, pod)
    GROUP BY ALL HAVING count(DISTINCT name) = 1
), days AS (
    SELECT DISTINCT series, hour_number // 24 AS day_number FROM pulled_hour
), owned AS (
    SELECT days.series, day_number, gpu_uuid, gpu_instance_id, mig_profile, model, {_OWNERS},
           coalesce(teams.name, of_controllers.name, pulled_series.team) AS team,
           coalesce(nodes.name, pulled_series.hostname) AS hostname
    FROM days JOIN pulled_series USING (series)
    LEFT JOIN {_pods(Stat.TEAM)} AS teams USING (namespace, pod, day_number)
    LEFT JOIN controllers USING (namespace, pod)
    LEFT JOIN of_controllers USING (namespace, controller)
    LEFT JOIN ({_NODES}) AS nodes ON nodes.pod = exporter_pod AND nodes.day_number = days.day_number
)
SELECT *, dense_rank() OVER (ORDER BY gpu_uuid, gpu_instance_id, {", ".join(OWNER_COLUMNS)}) AS workload FROM owned
"""
