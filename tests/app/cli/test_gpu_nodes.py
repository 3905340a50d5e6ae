"""`trueup gpu nodes`."""

import json
from pathlib import Path

from tests.app.cli.test_drivers import Typed, typed  # noqa: F401  (a fixture)


def test_a_map_is_imported_and_listed(typed: Typed, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "nodes.csv"
    file.write_text("node,resource_id,boards\ngpu01,i-1,8\ngpu02,,4\n")
    assert typed("gpu", "nodes", "import", file)[1] == "2 nodes: 2 new, 0 changed, 0 known already.\n"
    again = json.loads(typed("gpu", "nodes", "import", file, "--json")[1])
    assert again == {"nodes": 2, "added": [], "changed": [], "unchanged": 2}
    listed = typed("gpu", "nodes", "list")[1].splitlines()
    assert [line.split() for line in listed[1:]] == [["gpu01", "i-1", "node", "map", "8"], ["gpu02", "4"]]
    (unbilled,) = json.loads(typed("gpu", "nodes", "list", "--unbilled", "--json")[1])
    assert (unbilled["name"], unbilled["boards"], unbilled["mapped"]) == ("gpu02", 4, [])
    file.write_text("node,resource_id,boards\ngpu01,i-1,many\n")
    code, _, problem = typed("gpu", "nodes", "import", file)
    assert (code, "row 2: boards must be" in problem) == (1, True)
