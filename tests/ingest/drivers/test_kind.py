"""Files of quantities: any dimensions, exact, all of a file or nothing of it."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db.load_driver import count_drivers
from app.db.session import read_session
from app.db.tables.bills import Load
from app.db.tables.charges import Driver
from app.errors import BadInput
from ingest.drivers.kind import KIND
from tests.ingest.opening import opened
from tests.trueup import Trueup

HEADER = "day,name,unit,quantity,team,model\n"


def written(folder: Path, content: str | bytes, name: str = "march.csv") -> Path:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder / name


def refusal(folder: Path, *files: Path) -> str:
    with pytest.raises(BadInput) as refused, opened(KIND, folder, *files):
        pass
    return str(refused.value)


def test_every_other_column_is_a_dimension(tmp_path: Path) -> None:
    file = written(tmp_path, f"{HEADER}2026-03-05,requests,requests,12,search,gpt\n2026-03-06,requests,requests,3,,\n")
    with opened(KIND, tmp_path, file) as delivery:
        assert not delivery.delivery.has_charges
        assert delivery.drivers == {
            ("2026-03-05", "requests", None): {'{"model":"gpt","team":"search"}': Decimal(12)},
            ("2026-03-06", "requests", None): {"{}": Decimal(3)},
        }


def test_what_spreadsheets_do_to_a_file_is_forgiven(tmp_path: Path) -> None:
    """A byte order mark, CRLF, blanks, capitals, quotes, a plus, an exponent, midnight written out."""
    text = (
        "\ufeffDay,Service Provider Name,NAME,Unit,Quantity,Cost Center\r\n"
        '2026-03-05T00:00:00Z,OpenAI, tokens ,tokens, +1e3 ,"Search, Berlin"\r\n'
        '2026-03-05,OpenAI,tokens,tokens,.5,"Search, Berlin"\r\n'
    )
    with opened(KIND, tmp_path, written(tmp_path, text)) as delivery:
        assert delivery.drivers == {
            ("2026-03-05", "tokens", "OpenAI"): {'{"cost_center":"Search, Berlin"}': Decimal("1000.5")}
        }


def test_a_typed_parquet_file_is_read_as_it_is(tmp_path: Path) -> None:
    table = pa.table(
        {
            "day": pa.array([date(2026, 3, 5)] * 2),
            "name": ["gpu_hours", "gpu_hours"],
            "unit": ["GPU-hours", "GPU-hours"],
            "quantity": pa.array([0.1, 0.2]),
            "gpus": pa.array([8, 8]),
        }
    )
    pq.write_table(table, tmp_path / "gpu.parquet")
    with opened(KIND, tmp_path, tmp_path / "gpu.parquet") as delivery:
        assert delivery.drivers == {("2026-03-05", "gpu_hours", None): {'{"gpus":"8"}': Decimal("0.3")}}


def test_several_files_are_one_delivery(tmp_path: Path) -> None:
    one = written(tmp_path, f"{HEADER}2026-03-05,requests,requests,12,search,gpt\n", "1.csv")
    two = written(tmp_path, "day,name,unit,quantity,product\n2026-03-05,seats,seats,4,chat\n", "2.csv")
    with opened(KIND, tmp_path, one, two) as delivery:
        assert delivery.total("requests", team="search") == 12
        assert delivery.total("seats", product="chat") == 4


def test_everything_wrong_is_told_by_row_and_nothing_is_taken(tmp_path: Path) -> None:
    rows = [
        "2026-03-05,requests,requests,12,search,gpt",
        "05/03/2026,requests,requests,1,search,gpt",
        '2026-03-05,requests,requests,"1,5",search,gpt',
        "2026-03-05,,requests,1,search,gpt",
        "2026-02-30,requests,,x,search,gpt",
        f"2026-03-05,requests,requests,,{'s' * 201},gpt",
    ]
    told = refusal(tmp_path, written(tmp_path, HEADER + "\n".join(rows) + "\n")).splitlines()
    assert told[0] == "march.csv: no quantity was taken."
    assert [line.strip() for line in told[1:]] == [
        "row 3: day '05/03/2026' is not a day; write it as 2026-03-05",
        "row 4: quantity '1,5' is not a number; write it with a point and no separators, such as 1234.5",
        "row 5: name is empty",
        "row 6: day '2026-02-30' is not a day; write it as 2026-03-05",
        "row 6: quantity 'x' is not a number; write digits and a point, such as 1234.5",
        "row 6: unit is empty",
        "row 7: quantity is empty",
        f"row 7: team '{'s' * 40}' has more than 200 characters",
    ]


def test_only_the_first_problems_are_told(tmp_path: Path) -> None:
    told = refusal(tmp_path, written(tmp_path, HEADER + "soon,requests,requests,1,a,b\n" * 25))
    assert told.endswith("\n  and 5 more")
    assert told.count("row ") == 20


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("day,name,unit,team", "row 1: the column quantity is missing"),
        ("BilledCost,Tags", "row 1: this is no file of quantities; its columns are day, name, unit, quantity"),
        ("day,name,unit,quantity,source", "row 1: the column 'source' is a name that Trueup needs for itself"),
        ("day,name,unit,quantity,", "row 1: the column '' has no name"),
        ("day,name,unit,quantity,cost center,cost_center", "say the same (cost_center)"),
        ("day;name;unit;quantity", "separated by semicolons"),
    ],
)
def test_a_header_that_cannot_be_used_is_told(header: str, problem: str, tmp_path: Path) -> None:
    assert problem in refusal(tmp_path, written(tmp_path, f"{header}\n"))


def test_a_correction_takes_away_no_more_than_there_is(tmp_path: Path) -> None:
    row = "2026-03-05,requests,requests,{},search,gpt\n"
    file = written(tmp_path, HEADER + row.format("12") + row.format("-2.5"))
    with opened(KIND, tmp_path, file) as delivery:
        assert delivery.total("requests") == Decimal("9.5")
    (tmp_path / "again").mkdir()
    told = refusal(tmp_path / "again", written(tmp_path, HEADER + row.format("12") + row.format("-12.5")))
    assert "less than nothing" in told
    assert '2026-03-05 requests {"model":"gpt","team":"search"}: -0.5 requests' in told


def test_a_number_that_cannot_be_kept_exactly_is_refused(tmp_path: Path) -> None:
    row = "2026-03-05,requests,requests,{},search,gpt\n"
    told = refusal(tmp_path, written(tmp_path, HEADER + row.format("1e30") + row.format("1e-20")))
    assert "more than 38 digits" in told


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    quantities=st.lists(
        st.tuples(
            st.integers(1, 28),
            st.sampled_from(["a", "b", 'c "x", y']),
            st.decimals(0, 10**9, places=6, allow_nan=False),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_what_goes_in_comes_out(
    quantities: list[tuple[int, str, Decimal]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("drivers")
    lines = [
        f'2026-03-{day:02},n,u,{amount},"{team.replace(chr(34), chr(34) * 2)}",m' for day, team, amount in quantities
    ]
    with opened(KIND, folder, written(folder, HEADER + "\n".join(lines) + "\n")) as delivery:
        for team in {each[1] for each in quantities}:
            assert delivery.total("n", team=team) == sum(each[2] for each in quantities if each[1] == team)


def test_a_newer_file_replaces_its_months_and_the_same_one_changes_nothing(trueup: Trueup, tmp_path: Path) -> None:
    row = "2026-{}-05,requests,requests,{},search,gpt\n"
    both = written(tmp_path, HEADER + row.format("03", "1") + row.format("04", "2"), "both.csv")
    trueup.ingest(both, source="app", file_format="drivers")
    version = trueup.version()
    assert trueup.ingest(both, source="app").unchanged
    assert trueup.version() == version
    trueup.ingest(written(tmp_path, HEADER + row.format("03", "7"), "march.csv"), source="app")
    assert live_quantities(trueup) == {(date(2026, 3, 5), Decimal(7)), (date(2026, 4, 5), Decimal(2))}
    assert trueup.live() == [("2026-04", 0), ("2026-03", 0)]
    with read_session(trueup.engine) as session:  # what a figure rested on stays
        assert [count_drivers(session, load.id) for load in trueup.all(Load)] == [1, 1, 1]
    (folder,) = (trueup.config.archive_dir / "app").glob("*/files/*/both.csv")
    assert folder.read_text() == both.read_text()


def test_a_refused_file_leaves_what_is_live(trueup: Trueup, tmp_path: Path) -> None:
    row = "2026-03-05,requests,requests,{},search,gpt\n"
    trueup.ingest(written(tmp_path, HEADER + row.format("1"), "1.csv"), source="app", file_format="drivers")
    with pytest.raises(BadInput, match="row 3: quantity 'x'"):
        trueup.ingest(written(tmp_path, HEADER + row.format("9") + row.format("x"), "2.csv"), source="app")
    assert live_quantities(trueup) == {(date(2026, 3, 5), Decimal(1))}
    assert [state for state, _ in trueup.deliveries("app")] == ["loaded", "refused"]


def live_quantities(trueup: Trueup) -> set[tuple[date, Decimal]]:
    live = {load.id for load in trueup.all(Load) if load.state == "live"}
    return {(each.day, each.quantity) for each in trueup.all(Driver) if each.load_id in live}


def test_dimensions_are_json_whatever_they_hold(tmp_path: Path) -> None:
    file = written(tmp_path, f'{HEADER}2026-03-05,n,u,1,"a ""b"" \\ ☃","line\nbreak"\n')
    with opened(KIND, tmp_path, file) as delivery:
        ((said, _),) = delivery.drivers[("2026-03-05", "n", None)].items()
    assert json.loads(said) == {"team": 'a "b" \\ ☃', "model": "line\nbreak"}
