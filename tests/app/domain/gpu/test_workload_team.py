from app.domain.gpu.hour import Owner
from app.domain.gpu.settings import GpuPolicy, OwnerRule
from app.domain.gpu.workload_team import workload_team

TEAMS = frozenset({"search", "speech"})
POLICY = GpuPolicy(
    owners=(
        OwnerRule("gone", namespace="*"),
        OwnerRule("search", namespace="search-*", user="a*"),
        OwnerRule("speech", account="speech"),
        OwnerRule("speech", namespace="search-*"),
    )
)


def team(**said: str) -> str | None:
    return workload_team(Owner(**said), POLICY, TEAMS)


def test_what_telemetry_names_goes_first_if_there_is_such_a_team() -> None:
    assert team(team="speech", namespace="search-lab", user_name="ana") == "speech"
    assert team(team="sales", namespace="search-lab", user_name="ana") == "search"


def test_the_first_rule_that_fits_in_everything_it_says_decides() -> None:
    assert team(namespace="search-lab", user_name="ben") == "speech"
    assert team(namespace="search-lab") == "speech"  # nobody named does not fit a*
    assert team(account="speech") == "speech"


def test_what_fits_nothing_is_whoever_pays_for_the_node() -> None:
    assert team(namespace="Search-lab") is None
    assert team() is None
