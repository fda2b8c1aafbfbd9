"""A reader of the built site: a real browser, the network refused, that says what is wrong with a page."""

import json
import os
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tools.system import BROWSER_FLAGS, browser

AXE = Path(__file__).parent / "axe" / "axe.min.js"
WIDE, NARROW = (1280, 900), (390, 844)
OWN = ("file:", "data:", "blob:", "http://127.0.0.1:")

# Run in the page: waits for MathJax and for every image, then says what is wrong with what is shown.
SEE = """
const [waited, done] = arguments;
const typeset = () => window.MathJax?.startup?.promise ?? Promise.resolve();
const images = () => Promise.all([...document.images].map((i) => { i.loading = "eager"; return i.decode().catch(() => 0); }));
typeset().then(images).then(() => setTimeout(() => {
  const faults = [];
  const tell = (what, selector, say) => document.querySelectorAll(selector).forEach((e) => faults.push(what + ": " + say(e)));
  const text = (e) => e.textContent.trim().slice(0, 80);
  tell("TeX error", "[data-mjx-error]", (e) => e.getAttribute("data-mjx-error"));
  tell("TeX error", "g[data-mml-node=merror]", text);
  tell("TeX error, unknown macro", "g[data-mml-node=mtext][fill=red]", text);
  document.querySelectorAll(".math.notranslate").forEach((e) => e.querySelector("mjx-container") || e.closest("[data-mjx]") || faults.push("formula not typeset: " + text(e)));
  [...document.images].forEach((i) => i.naturalWidth || faults.push("image not shown: " + i.src));
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  new Set(ids.filter((id, k) => ids.indexOf(id) < k)).forEach((id) => faults.push("id used twice: " + id));
  const over = document.documentElement.scrollWidth - innerWidth;
  if (over > 0) faults.push("page wider than the screen by " + over + " pixels");
  done(faults);
}, waited));
"""  # noqa: E501

CHECK = """
const [done] = [arguments[arguments.length - 1]];
const rules = {preload: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]};
axe.run(document, rules).then((r) => done(r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html.slice(0, 120)).join(" | "))));
"""  # noqa: E501


class Reader:
    """A browser that opens pages at a given size and in a given theme; use it in a `with`."""

    def __enter__(self) -> Self:
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.driver  # noqa: B018  (starts it)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.driver.quit()
        self._profile.cleanup()

    @cached_property
    def driver(self) -> Any:
        """The browser, under selenium."""
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        os.environ["SE_OFFLINE"] = "true"
        found = browser()
        assert found is not None
        options = webdriver.ChromeOptions()
        options.binary_location = found[0]
        for flag in (*BROWSER_FLAGS, f"--user-data-dir={self._profile.name}"):
            options.add_argument(flag)
        options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(found[1]))
        driver.set_script_timeout(300)  # the ledger's page has hundreds of formulas to set
        return driver

    def open(self, address: str, size: tuple[int, int] = WIDE, theme: str = "light") -> list[str]:
        """Open a page and return its faults: requests elsewhere, errors, and what is shown wrongly."""
        self._flush()
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        prefers = [{"name": "prefers-color-scheme", "value": theme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": prefers})
        self.driver.get(address)
        seen = self.driver.execute_async_script(SEE, 100)
        shown = self.driver.execute_script("return document.documentElement.dataset.theme ?? null")
        if shown not in (theme, None):
            seen.append(f"the theme is {shown}, not {theme}")
        return sorted(set(seen) | set(self._console()) | set(self._network()))

    def accessibility(self) -> list[str]:
        """Return what axe finds on the page that is open: WCAG 2.2 A and AA, and best practice."""
        self.driver.execute_script(AXE.read_text(encoding="utf-8"))
        return self.driver.execute_async_script(CHECK)

    def _flush(self) -> None:
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")

    def _console(self) -> Iterator[str]:
        for entry in self.driver.get_log("browser"):
            if entry["level"] in ("SEVERE", "WARNING"):
                yield f"console: {entry['message'][:300]}"

    def _network(self) -> Iterator[str]:
        for entry in self.driver.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            told = event["params"]
            if event["method"] == "Network.requestWillBeSent" and not told["request"]["url"].startswith(OWN):
                yield f"request elsewhere: {told['request']['url']}"
            elif event["method"] == "Network.responseReceived" and told["response"]["status"] >= 400:
                yield f"{told['response']['status']}: {told['response']['url']}"
            elif event["method"] == "Network.loadingFailed" and not told.get("canceled"):
                yield f"not loaded: {told['type']} ({told['errorText']})"
