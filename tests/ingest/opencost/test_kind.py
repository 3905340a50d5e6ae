"""OpenCost's allocations as quantities by workload: exact, by UTC day, and never a charge."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.errors import BadInput, NotPermitted
from ingest.kind import Offer, Window
from ingest.opencost.kind import KIND
from ingest.opencost.settings import OpenCostSettings
from ingest.pipeline import no_progress
from tests.ingest.fake_api import FakeApi, Query, serving
from tests.ingest.opening import opened
from tests.trueup import Trueup

Answer = dict[str, Any]


def allocation(name: str, *, day: str = "2026-06-02", cost: float | None = 12.34567, **told: Any) -> Answer:
    """A pod's day: 2 cores and a GPU for 24 hours, 3 GiB for one."""
    properties = {
        "cluster": "c1",
        "node": "n1",
        "namespace": "train",
        "controllerKind": "job",
        "controller": "llm",
        "pod": name,
        "labels": {"team": "research", "pod_template_hash": "abc"},
    }
    following = date.fromordinal(date.fromisoformat(day).toordinal() + 1)
    return {
        "name": f"c1/n1/train/job/llm/{name}",
        "properties": properties,
        "window": {"start": f"{day}T00:00:00Z", "end": f"{following}T00:00:00Z"},
        "start": f"{day}T08:00:00Z",
        "end": f"{day}T10:00:00Z",
        "cpuCoreHours": 48,
        "gpuHours": 24,
        "ramByteHours": 3221225472,
        "totalCost": cost,
        **told,
    }


def answer(*allocations: Answer) -> Answer:
    return {"code": 200, "data": [{each["name"]: each for each in allocations}]}


def written(folder: Path, content: Any, name: str = "allocation.json") -> Path:
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return folder / name


def test_an_allocation_becomes_cost_and_hours_by_workload(tmp_path: Path) -> None:
    with opened(KIND, tmp_path, written(tmp_path, answer(allocation("p1")))) as delivery:
        found = delivery.drivers
        assert not delivery.delivery.has_charges
    assert {name for _, name, _ in found} == {"opencost_cost", "cpu_core_hours", "gpu_hours", "ram_gib_hours"}
    ((told, cost),) = found[("2026-06-02", "opencost_cost", None)].items()
    assert cost == Decimal("12.34567")
    assert json.loads(told) == {
        "cluster": "c1",
        "node": "n1",
        "namespace": "train",
        "controller_kind": "job",
        "controller": "llm",
        "pod": "p1",
        "label_team": "research",
    }
    assert [next(iter(found[("2026-06-02", name, None)].values())) for name in ("gpu_hours", "ram_gib_hours")] == [
        24,
        3,
    ]


def test_costs_add_up_without_a_float(tmp_path: Path) -> None:
    pods = [allocation(f"p{n}", cost=0.1) for n in range(10)]
    with opened(KIND, tmp_path, written(tmp_path, answer(*pods)), labels=()) as delivery:
        assert delivery.total("opencost_cost") == 1


def test_what_nobody_asked_for_is_marked_and_nothing_is_no_row(tmp_path: Path) -> None:
    idle = allocation("x", cpuCoreHours=0, gpuHours=None, cost=None) | {
        "name": "c1/__idle__",
        "properties": {"cluster": "c1"},
    }
    with opened(KIND, tmp_path, written(tmp_path, answer(idle))) as delivery:
        assert delivery.drivers == {
            ("2026-06-02", "ram_gib_hours", None): {'{"allocation":"__idle__","cluster":"c1"}': Decimal(3)}
        }


def test_an_answer_that_sums_several_days_is_refused_with_what_to_ask_for(tmp_path: Path) -> None:
    month = allocation("p1", window={"start": "2026-06-01T00:00:00Z", "end": "2026-07-01T00:00:00Z"})
    with (
        pytest.raises(BadInput, match="more than one UTC day"),
        opened(KIND, tmp_path, written(tmp_path, answer(month))),
    ):
        pass


def test_the_csv_export_tells_costs(tmp_path: Path) -> None:
    text = (
        "Date,Namespace,ControllerKind,ControllerName,Pod,Container,Labels,CPUCost,TotalCost\n"
        '2026-06-02,train,job,llm,p1,main,"{""team"":""research""}",1,1.5\n'
        "2026-06-02,train,job,llm,p1,sidecar,,1,0.25\n2026-06-03,train,job,llm,p1,main,,1,soon\n"
    )
    with opened(KIND, tmp_path, written(tmp_path, text, "export.csv")) as delivery:
        assert delivery.total("opencost_cost") == Decimal("1.75")
        assert delivery.total("opencost_cost", label_team="research") == Decimal("1.5")
        assert [(note.rule, note.rows) for note in delivery.delivery.notes] == [("readable", 1)]
        assert delivery.delivery.files[0].file.name == "export.csv"


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.json", "{", "a.json is no answer of OpenCost's allocation API"),
        ("a.json", '{"code": 200}', "a.json is no answer of OpenCost's allocation API"),
        ("a.csv", "x,y\n1,2\n", "a.csv is no CSV export of OpenCost: it lacks Date, Namespace, TotalCost"),
    ],
)
def test_another_file_is_refused_by_name(name: str, text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=problem), opened(KIND, tmp_path, written(tmp_path, text, name)):
        pass


def test_the_pipeline_keeps_hours_and_books_no_charge(trueup: Trueup, tmp_path: Path) -> None:
    file = written(tmp_path, answer(allocation("p1")))
    outcome = trueup.ingest(file, source="k8s", file_format="opencost")
    assert [f"{load.period:%Y-%m}" for load in outcome.loads] == ["2026-06"]
    assert trueup.costs() == {}
    assert trueup.scalar("SELECT quantity FROM driver WHERE name = 'gpu_hours'") == 24


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    monkeypatch.delenv("OPENCOST_API_KEY", raising=False)
    monkeypatch.setattr("ingest.http.pause", lambda _seconds: None)
    with serving() as found:
        found.routes["/allocation/compute"] = _compute
        yield found


def _compute(query: Query) -> Answer:
    """An OpenCost that remembers from 30 May on, but nothing of 2 June."""
    day = query["window"][0][:10]
    if day < "2026-05-30" or day == "2026-06-02":
        return {"code": 200, "data": [{}]}
    return answer(allocation("p1", day=day, cost=1.5))


def offered(api: FakeApi, start: str, end: str, today: str) -> list[Offer]:
    assert KIND.offers
    window = Window(*(date.fromisoformat(day) for day in (start, end, today)))
    return list(KIND.offers(OpenCostSettings(base_url=api.url), window))


def test_complete_days_of_months_that_opencost_remembers_are_pulled(api: FakeApi, tmp_path: Path) -> None:
    offers = offered(api, "2026-04-01", "2026-07-01", "2026-06-05")
    assert [(offer.scope, offer.version) for offer in offers] == [
        ("2026-05", "as of 2026-06-04"),
        ("2026-06", "as of 2026-06-05"),
    ]
    (tmp_path / "pulled").mkdir()
    paths = offers[1].fetch(tmp_path / "pulled", no_progress)
    assert [path.name for path in paths] == [f"allocation-2026-06-0{day}.json" for day in (1, 3, 4)]
    assert api.asked[-1].query["aggregate"] == ["cluster,node,namespace,controllerKind,controller,pod"]
    with opened(KIND, tmp_path, *paths) as delivery:
        assert delivery.total("opencost_cost") == Decimal("4.5")


def test_faults_that_pass_are_tried_again_and_others_are_told(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    api.faults = [(503, {}), "reset"]
    assert len(offered(api, "2026-06-01", "2026-07-01", "2026-06-05")) == 1
    api.key = "secret"
    with pytest.raises(NotPermitted, match="OPENCOST_API_KEY"):
        offered(api, "2026-06-01", "2026-07-01", "2026-06-05")
    monkeypatch.setenv("OPENCOST_API_KEY", "secret")
    assert len(offered(api, "2026-06-01", "2026-07-01", "2026-06-05")) == 1


def test_another_server_at_the_address_is_told(api: FakeApi) -> None:
    api.routes["/allocation/compute"] = lambda _query: b"<html>"
    with pytest.raises(BadInput, match="no OpenCost"):
        offered(api, "2026-06-01", "2026-07-01", "2026-06-05")
