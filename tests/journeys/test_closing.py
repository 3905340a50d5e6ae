"""Somebody from finance closes a month, is held up, says why, and finds the correction of a restated bill."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from app.db.session import engine
from app.settings import settings
from tests.journeys.company import MARCH, restate
from tests.journeys.conftest import Visit

pytestmark = [pytest.mark.journey, pytest.mark.slow]


@pytest.fixture
def closing(browser: Browser, own_company: str) -> Iterator[Visit]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.on("dialog", lambda dialog: dialog.accept())
    yield Visit(page, own_company)
    page.close()


def press(visit: Visit, name: str) -> None:
    visit.page.get_by_role("button", name=name, exact=True).click()


def test_a_month_is_closed_against_a_reason_and_corrected_in_the_next(closing: Visit, tmp_path: Path) -> None:
    page = closing.page
    closing.go("/chargeback?period=2026-03")
    expect(page.locator(".state")).to_contain_text("Draft")
    expect(page.locator(".reasons")).to_contain_text("Earlier billing periods are not closed: 2026-02.")
    press(closing, "Issue 2026-03")
    expect(page.locator(".state")).to_contain_text("Issued on")
    press(closing, "Close 2026-03 and override")
    expect(page.locator(".refusal")).to_contain_text("2026-03 cannot be closed, for a reason; nothing was changed")
    page.get_by_label("Why close it all the same?").fill("February was settled by hand")
    press(closing, "Close 2026-03 and override")
    expect(page.locator(".done")).to_have_text("2026-03 is closed.")
    expect(page.locator(".state")).to_contain_text("Closed on")
    expect(page.locator(".closing")).to_contain_text("February was settled by hand")

    restate(engine(), settings(), tmp_path)
    closing.go("/chargeback?period=2026-03")
    expect(page.locator("#total-USD")).to_have_attribute("data-exact", MARCH)
    expect(page.locator(".moved strong")).to_have_attribute("data-exact", "1")
    page.locator(".ag-cell").get_by_role("link", name="2026-04 · draft").first.click()
    page.wait_for_url("**period=2026-04")
    closing.settle()
    was, now = (page.locator(f"#table-corrections .ag-cell[col-id={name}]").first for name in ("was", "now"))
    expect(was).to_have_text("310.00")
    expect(now).to_have_text("311.00")
    page.locator("#table-corrections").get_by_role("link", name="2026-03").first.click()
    page.wait_for_url("**period=2026-03")
    closing.settle()
    assert (closing.errors, closing.foreign) == ([], [])
