"""A team lead looks at what is left of the budget, and says something about a line that everybody keeps seeing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from app.actions.budgets import import_budgets
from app.db.session import engine, write_session
from app.domain.viewer import operator
from app.settings import settings
from tests.journeys.company import SEARCH_MARCH, restate
from tests.journeys.conftest import Visit

pytestmark = [pytest.mark.journey, pytest.mark.slow]
BUDGETS = "team_id,period,currency,amount\nsearch,2026-03,USD,400\nspeech,2026-03,USD,90\n"
TEAM = "/chargeback/search?period=2026-03"
SAID = "<b>Why so much?</b> =1+1\nשלום"  # noqa: RUF001  (right to left)


@pytest.fixture
def lead(browser: Browser, own_company: str) -> Iterator[Visit]:
    with write_session(engine()) as session:
        import_budgets(session, operator(), BUDGETS, "budgets.csv")
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    yield Visit(page, own_company)
    page.close()


def test_a_budget_is_looked_at_and_a_line_commented(lead: Visit, tmp_path: Path) -> None:
    page = lead.page
    lead.go("/chargeback?period=2026-03")
    cells = page.locator("#table-chargeback-USD .ag-cell[col-id=budget]")
    expect(cells).to_have_text(["85.3%", "✗ 103.3%", "–", "–"])
    lead.go(TEAM)
    expect(page.locator("#total-USD")).to_have_attribute("data-exact", SEARCH_MARCH)
    expect(page.locator(".budget-words")).to_have_text("341.00 of 400.00 USD owed (85.3%), 59.00 left")
    expect(page.locator(".budget .badge")).to_have_text("▲ 80% reached")

    page.get_by_role("button", name="Add comment").click()
    expect(page.locator(".refusal")).to_have_text("A comment needs words.")
    page.get_by_role("textbox", name="What is it on?").click()
    page.get_by_role("option", name="Shared: Network: VPC, in USD").click()
    expect(page.get_by_role("textbox", name="Comment")).to_have_attribute("maxlength", "2000")
    page.get_by_role("textbox", name="Comment").fill(SAID)
    page.get_by_role("button", name="Add comment").click()
    expect(page.locator(".done")).to_have_text("Your comment is kept.")
    expect(page.locator(".comment-text")).to_have_text(SAID)
    expect(page.get_by_role("textbox", name="Comment")).to_have_value("")
    assert page.locator(".comment-text b").count() == 0

    restate(engine(), settings(), tmp_path)  # the draft is drawn anew
    lead.go(TEAM)
    expect(page.locator(".comments .quiet")).to_contain_text("local · ")
    expect(page.locator(".comments .quiet")).to_contain_text("UTC · Shared: Network: VPC, in USD")
    for scheme in ("light", "dark"):
        page.evaluate("scheme => document.documentElement.setAttribute('data-mantine-color-scheme', scheme)", scheme)
        for part in (".budget", ".card[aria-label^='What was said']"):
            found = Axe().run(page, context=part).response["violations"]
            assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == []
    assert (lead.errors, lead.foreign) == ([], [])
