"""What a summary picks out."""

from decimal import Decimal

from app.domain.charge import Metric
from app.domain.team_summary import Mover, movers, team_page_url


def test_the_three_largest_changes_are_told_up_or_down() -> None:
    found = [
        Mover("AWS", name, Decimal(before), Decimal(after))
        for name, before, after in (("a", 1, 2), ("b", 9, 0), ("c", 5, 5), ("d", 0, 4), ("e", 4, 0))
    ]
    assert [(each.service_name, each.change) for each in movers(found)] == [
        ("b", Decimal(-9)), ("d", Decimal(4)), ("e", Decimal(-4)),
    ]  # fmt: skip


def test_the_page_of_a_team_is_found_whatever_it_is_called() -> None:
    url = team_page_url("https://costs.example.com/", "a/b&<c>", "2026-03", Metric.BILLED)
    assert url == "https://costs.example.com/chargeback/a%2Fb%26%3Cc%3E?period=2026-03&metric=billed_cost"
    assert team_page_url(None, "search", "2026-03", Metric.EFFECTIVE).startswith("/chargeback/search?")
