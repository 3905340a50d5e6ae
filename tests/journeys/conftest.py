"""A served Trueup with a small company's bills in it, and a browser in front."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from psycopg import sql
from sqlalchemy import make_url

from app.db.session import engine, forget_engine
from app.main import create_app
from app.settings import settings
from tests.journeys.company import seed

DATABASE = "journey"
PATIENCE_MS = 30_000
DRAWN = "document.getElementById('page')?.dataset.drawn === location.pathname + location.search"


@dataclass
class Visit:
    """A browser page on the served Trueup, with what it asked for elsewhere and what went wrong in it."""

    page: Page
    home: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("request", self._note_request)
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def go(self, path: str) -> None:
        """Opens a page and waits until its answer is there."""
        self.page.goto(self.home + path)
        self.settle()

    def settle(self) -> None:
        """Waits until the page of the URL is drawn and nothing on it is loading any more."""
        self.page.wait_for_function(DRAWN)
        self.page.wait_for_selector("#page h1, #page .panel")
        self.page.wait_for_selector("#page .loading", state="detached")
        self.page.wait_for_load_state("networkidle")

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:", "blob:")):
            self.foreign.append(request.url)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)


@pytest.fixture(scope="session")
def served(admin_url: str, worker_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Trueup with the small company's bills in it, which journeys leave as they find it."""
    yield from _company(admin_url, worker_template, tmp_path_factory, DATABASE)


@pytest.fixture
def own_company(admin_url: str, worker_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of such a Trueup for one journey that changes it. Meanwhile it is the one of this process."""
    yield from _company(admin_url, worker_template, tmp_path_factory, f"{DATABASE}_own")


def _company(
    admin_url: str, worker_template: str, tmp_path_factory: pytest.TempPathFactory, database: str
) -> Iterator[str]:
    url = make_url(admin_url).set(database=f"{worker_template}_{database}").render_as_string(hide_password=False)
    with psycopg.connect(admin_url, autocommit=True) as admin, pytest.MonkeyPatch.context() as environment:
        name = sql.Identifier(f"{worker_template}_{database}")
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(worker_template)))
        environment.setenv("TRUEUP_DATABASE_URL", url)
        environment.setenv("TRUEUP_DATA_DIR", str(tmp_path_factory.mktemp("journey")))
        _forget_settings()
        seed(engine(), settings(), tmp_path_factory.mktemp("bills"))
        yield from _serving()
        engine().dispose()
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
    _forget_settings()


def _serving() -> Iterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)


def _forget_settings() -> None:
    settings.cache_clear()
    forget_engine()


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Browser, served: str) -> Iterator[Visit]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    yield Visit(page, served)
    page.close()
