"""Somebody from finance follows a figure down to the bill, and finds the same one at every door."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import APIResponse, Browser, expect

from app.domain.money import total
from tests.journeys.company import MARCH, SEARCH_MACHINE, SEARCH_MARCH
from tests.journeys.conftest import Visit

pytestmark = [pytest.mark.journey, pytest.mark.slow]

IN_MARCH = "start=2026-03-01&end=2026-04-01"
PAGES = (
    "/",
    f"/trends?{IN_MARCH}&group_by=team",
    f"/trends?{IN_MARCH}&granularity=day&group_by=service_name&chart=line",
    f"/line-items?{IN_MARCH}&filter=team:search",
    "/chargeback?period=2026-03",
    "/chargeback?period=2026-02&by=cost_type",
    "/chargeback/search?period=2026-03",
    "/policy?period=2026-03",
    "/health",
    "/health/loads/1",
    "/trends?start=2020-01-01&end=2020-02-01",
    "/trends?metric=nonsense",
    "/nowhere",
)


def expect_total(visit: Visit, amount: str) -> None:
    """Waits for the page's total to be `amount`, to the last digit."""
    expect(visit.page.locator("#total-USD")).to_have_attribute("data-exact", amount)


def csv_total(answer: APIResponse, column: str) -> Decimal:
    return total(Decimal(row[column]) for row in csv.DictReader(io.StringIO(answer.text())))


def file_behind(visit: Visit, label: str) -> APIResponse:
    """What the page's link called `label` downloads."""
    href = visit.page.get_by_role("link", name=label, exact=True).first.get_attribute("href")
    answer = visit.page.request.get(f"{visit.home}{href}")
    assert answer.ok, answer.text()
    return answer


def api_total(visit: Visit, query: str) -> str:
    answer = visit.page.request.get(f"{visit.home}/api/v1/costs?{query}")
    return str(answer.json()["blocks"][0]["total"])


def follow(visit: Visit, name: str) -> None:
    before = visit.page.url
    visit.page.locator(".ag-cell").get_by_role("link", name=name, exact=True).click()
    visit.page.wait_for_url(lambda url: url != before)
    visit.settle()


def test_a_figure_is_the_same_from_the_overview_down_to_the_file(visit: Visit) -> None:
    visit.go("/")
    expect(visit.page.locator(".kpi-value").first).to_have_attribute("data-exact", MARCH)
    visit.page.get_by_role("link", name="Trends").click()
    visit.settle()

    visit.go(f"/trends?{IN_MARCH}&group_by=team")
    expect_total(visit, MARCH)
    assert api_total(visit, IN_MARCH) == MARCH
    assert csv_total(file_behind(visit, "CSV"), "effective_cost") == Decimal(MARCH)

    follow(visit, "Search")
    expect_total(visit, SEARCH_MARCH)
    assert api_total(visit, f"{IN_MARCH}&filter=team:search") == SEARCH_MARCH
    follow(visit, "Amazon EC2")
    expect_total(visit, SEARCH_MACHINE)
    follow(visit, "i-search")
    expect(visit.page.locator(".subtitle")).to_have_text("31 lines of bills")
    expect_total(visit, SEARCH_MACHINE)
    assert csv_total(file_behind(visit, "CSV"), "amount") == Decimal(SEARCH_MACHINE)
    assert visit.errors == []


def test_a_team_owes_on_its_page_what_the_table_and_the_api_say(visit: Visit) -> None:
    visit.go("/chargeback?period=2026-03")
    expect_total(visit, MARCH)
    follow(visit, "Search")
    expect_total(visit, SEARCH_MARCH)
    answer = visit.page.request.get(f"{visit.home}/api/v1/chargeback/2026-03/teams/search")
    assert answer.json()["blocks"][0]["charge"]["total"] == SEARCH_MARCH
    visit.page.get_by_role("link", name="By service").click()
    visit.settle()
    assert "axis=billing" in visit.page.url
    assert visit.errors == []


def test_every_control_is_in_the_url_and_keeps_the_focus(visit: Visit) -> None:
    visit.go(f"/trends?{IN_MARCH}&group_by=team")
    visit.page.locator("#trends-chart input:checked").focus()
    visit.page.keyboard.press("ArrowRight")
    visit.page.wait_for_url("**chart=line**")
    visit.settle()
    assert visit.page.evaluate("document.activeElement.closest('#trends-chart') !== null")
    visit.page.locator("#trends-tag").fill("team")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**group_by=tag:team**")
    visit.settle()
    expect_total(visit, MARCH)
    visit.page.go_back()
    visit.page.wait_for_url(lambda url: "tag:team" not in url)
    assert visit.errors == []


def test_a_filter_is_picked_from_its_values_and_removed_by_its_chip(visit: Visit) -> None:
    visit.go(f"/trends?{IN_MARCH}&group_by=service_name")
    visit.page.locator("#filter-dimension").click()
    visit.page.get_by_role("option", name="Team").click()
    visit.page.wait_for_selector("#filter-value:not([disabled])")
    visit.page.locator("#filter-value").click()
    visit.page.get_by_role("option", name="Search").click()
    visit.page.wait_for_url("**filter=team:search**")
    visit.settle()
    expect_total(visit, SEARCH_MARCH)
    visit.page.get_by_role("link", name="Team is Search").click()
    visit.page.wait_for_url(lambda url: "filter" not in url)
    visit.settle()
    expect_total(visit, MARCH)


@pytest.fixture(params=["light", "dark"])
def painted(request: pytest.FixtureRequest, browser: Browser, served: str) -> Iterator[Visit]:
    """A visit by somebody whose system is set to a colour scheme."""
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme=request.param)
    yield Visit(page, served)
    page.close()


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_accessible_at_home_and_free_of_errors(painted: Visit, path: str) -> None:
    painted.go(path)
    found = Axe().run(painted.page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [each for each in found if each["impact"] in {"serious", "critical"}]
    assert [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in serious] == []
    assert painted.foreign == []
    assert painted.page.locator("[data-title*='loud'], [data-title*='hare']").count() == 0
    assert painted.errors == []
