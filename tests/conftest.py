"""What the tests share: the built site, a browser, and the naming of what could not run for want of one."""

import functools
import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reader import Reader
from tools.system import lacking

ROOT = Path(__file__).resolve().parents[1]
FOR_WANT = "for want of"


def need(want: str) -> None:
    """Skip the test, naming what it wants, if `want` does not run here; in CI that is a failure."""
    if why := lacking(want):
        message = f"{FOR_WANT} {want}: {why}"
        if want in os.environ.get("LMMTEXT_MUST_RUN", "").split(","):
            pytest.fail(f"could not run {message}")
        pytest.skip(message)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name, at the end, the tests that could not run for want of something from the system."""
    unrun: dict[str, list[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if FOR_WANT in reason:
            unrun.setdefault(reason[reason.index(FOR_WANT) :], []).append(report.nodeid)
    if unrun:
        terminalreporter.section("not run: `make system` installs what these tests want (Debian, Ubuntu)")
        for reason, tests in unrun.items():
            terminalreporter.write_line(f"{len(tests)} {'test' if len(tests) == 1 else 'tests'} {reason}")
            for test in tests:
                terminalreporter.write_line(f"    {test}")


@pytest.fixture(scope="session")
def bubblewrap() -> None:
    """Bubblewrap, or a skip that names it."""
    need("bubblewrap")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book, built from nothing with every warning an error: the folder of its pages."""
    out = tmp_path_factory.mktemp("site")
    build = ["-c", "from jupyter_book.cli.main import main; main()", "build", ".", "--path-output", str(out)]
    done = subprocess.run(
        [sys.executable, *build, "-W", "-n", "--keep-going"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return out / "_build" / "html"


@pytest.fixture(scope="session")
def site_address(site: Path) -> Iterator[str]:
    """The same pages from a server on this machine: its address."""
    with serve(site) as address:
        yield address


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    """A browser with the network refused, or a skip that names it."""
    need("browser")
    with Reader() as it:
        yield it


class serve:
    """Serve a folder on a free port of this machine, for the length of a `with`."""

    def __init__(self, folder: Path):
        handler = functools.partial(_Quiet, directory=str(folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass
