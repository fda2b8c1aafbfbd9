"""The built site, read as its readers do: from disk or a server, wide or narrow, light or dark, offline."""

import hashlib
import json
import re
import sys
import time
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from lmmtext.ledger.words import mark_of
from tests.conftest import ROOT, serve
from tests.reader import NARROW, WIDE, Reader

sys.path.insert(0, str(ROOT / "tools" / "sphinxext"))
import evidence  # noqa: E402

VENDORED = [ROOT / "book" / "_static" / "mathjax", ROOT / "tests" / "axe"]


class Page(HTMLParser):
    """The links, the resources and the ids of a page."""

    def __init__(self, path: Path):
        super().__init__()
        self.path, self.links, self.resources, self.ids = path, [], [], Counter()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        self.ids.update(filter(None, [told.get("id"), told.get("name") if tag == "a" else None]))
        if tag == "a" and told.get("href"):
            self.links.append(told["href"])
        elif tag in ("script", "img", "iframe", "source", "object"):
            self.resources += filter(None, [told.get("src"), told.get("data")])
        elif tag == "link" and told.get("rel") in ("stylesheet", "icon", "preload"):
            self.resources.append(told["href"])


def pages(site):
    """Return the pages of a site, without those that are pieces of a theme."""
    return {path: Page(path) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts}


def broken_links(site):
    """Return the links and resources of a site that lead to no file or to no place in it."""
    read, broken = pages(site), []
    for path, page in read.items():
        for link in [*page.links, *page.resources]:
            parts = urlsplit(link)
            if parts.scheme or link == "#":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                broken.append(f"{path.name}: {link} (no such file)")
            elif parts.fragment and target in read and unquote(parts.fragment) not in read[target].ids:
                broken.append(f"{path.name}: {link} (no such place)")
    return broken


def foreign_resources(site):
    """Return what the pages of a site would load from elsewhere."""
    return [f"{p.name}: {r}" for p, page in pages(site).items() for r in page.resources if urlsplit(r).scheme]


def test_every_internal_link_leads_somewhere(site):
    assert broken_links(site) == []


def test_no_page_loads_anything_from_elsewhere(site):
    assert foreign_resources(site) == []


def test_the_book_is_signed_by_its_authors_and_dated(site):
    footer = (site / "book" / "index.html").read_text(encoding="utf-8")
    assert "The lmmtext authors" in footer and re.search(r"Copyright 20\d\d", footer) and "2023" not in footer


@pytest.mark.parametrize("size, theme, from_disk", [(WIDE, "light", True), (NARROW, "dark", False)])
def test_every_page_reads_well_offline(site, site_address, reader: Reader, size, theme, from_disk):
    found = {}
    for path in pages(site):
        name = path.relative_to(site).as_posix()
        address = path.as_uri() if from_disk else f"{site_address}/{name}"
        if faults := reader.open(address, size, theme) + reader.accessibility():
            found[name] = faults
    assert found == {}


CHAPTER = "book/random-effects-regression.html"
LEDGER = json.loads((ROOT / "book" / "ledger.json").read_text(encoding="utf-8"))
# Runs in the page: what is to be seen of the card with the evidence, and whether it stays on the screen.
CARD = """
const card = document.getElementById("evidence-card"), at = card.getBoundingClientRect();
return card.hidden ? null : {text: card.textContent, inside: at.left >= 0 && at.right <= innerWidth + 0.5};
"""


def test_each_equation_has_a_mark_that_leads_to_its_entry_also_without_a_script(site):
    source = (site / CHAPTER).read_text(encoding="utf-8")
    marks = re.findall(r'<a class="evidence evidence-(\w+)" href="([^"]+)" aria-label="([^"]+)"', source)
    here = [e for e in LEDGER["equations"] if f"{e['page']}.html" == CHAPTER]
    assert [(kind, address) for kind, address, _ in marks] == [(mark_of(e), f"ledger.html#{e['label']}") for e in here]
    assert all(name.startswith("Evidence for equation 1.") for _, _, name in marks)
    assert {e["label"] for e in LEDGER["equations"]} <= set(Page(site / "book" / "ledger.html").ids)


@pytest.mark.parametrize("size, theme", [(WIDE, "light"), (NARROW, "dark")])
def test_a_mark_shows_its_evidence_on_focus_and_hover_and_escape_closes_it(site, reader: Reader, size, theme):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    assert reader.open((site / CHAPTER).as_uri(), size, theme) == []
    mark = reader.driver.find_elements("css selector", "a.evidence")[1]
    reader.driver.execute_script("arguments[0].scrollIntoView({block: 'center'}); arguments[0].focus()", mark)
    seen = reader.driver.execute_script(CARD)
    assert "Verified" in seen["text"] and "wrong variants rejected" in seen["text"] and seen["inside"]
    assert mark.get_attribute("aria-describedby") == "evidence-card"
    assert reader.accessibility() == []
    assert reader.driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    ActionChains(reader.driver).send_keys(Keys.ESCAPE).perform()
    assert reader.driver.execute_script(CARD) is None
    reader.driver.execute_script("document.activeElement.blur()")
    ActionChains(reader.driver).move_to_element(mark).perform()
    assert "Verified" in reader.driver.execute_script(CARD)["text"]


def test_a_first_tap_shows_the_evidence_and_a_second_follows_it(site, reader: Reader):
    reader.open((site / CHAPTER).as_uri(), NARROW, "light")
    mark = reader.driver.find_elements("css selector", "a.evidence")[3]
    reader.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", mark)
    at = reader.driver.execute_script(
        "const r = arguments[0].getBoundingClientRect(); return {x: r.x + r.width / 2, y: r.y + r.height / 2}", mark
    )

    def tap():
        for kind, points in (("touchStart", [at]), ("touchEnd", [])):
            reader.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    tap()
    wait(lambda: reader.driver.execute_script(CARD))
    assert reader.driver.current_url.endswith("random-effects-regression.html")
    tap()
    wait(lambda: "ledger.html#eq-" in reader.driver.current_url)


def test_the_ledger_is_filtered_by_kind(site, reader: Reader):
    reader.open((site / "book" / "ledger.html").as_uri())
    kind, page, world = reader.driver.find_elements("css selector", ".ledger-filters select")
    kind.find_element("css selector", "option[value=is-limit]").click()
    limits = sum(e["kind"] == "limit" for e in LEDGER["equations"])
    status = reader.driver.find_element("css selector", ".ledger-filters [role=status]").text
    assert status == f"{limits} of {len(LEDGER['equations'])} equations"
    shown = "return [...document.querySelectorAll('.ledger-entry')].filter((e) => e.offsetHeight).length"
    assert reader.driver.execute_script(shown) == limits
    assert reader.accessibility() == []


def test_an_entry_of_the_ledger_is_set_when_it_comes_near(site, reader: Reader):
    label = LEDGER["equations"][-1]["label"]
    reader.open((site / "book" / "ledger.html").as_uri())
    unset = f"return document.querySelectorAll('#{label} [data-mjx=\"when near\"]').length"
    assert reader.driver.execute_script(unset) == 1
    reader.driver.execute_script("document.getElementById(arguments[0]).scrollIntoView()", label)
    wait(lambda: reader.driver.execute_script(f"return document.querySelectorAll('#{label} mjx-container').length"))
    assert reader.driver.execute_script(unset) == 0


def test_what_is_folded_in_the_ledger_is_set_when_it_is_opened(site, reader: Reader):
    reader.open((site / "book" / "ledger.html").as_uri())
    folded = reader.driver.find_element("css selector", ".ledger-entry details")
    unset = "return [...arguments[0].querySelectorAll('.math')].filter((e) => !e.querySelector('mjx-container')).length"
    assert reader.driver.execute_script(unset, folded) > 0
    folded.find_element("css selector", "summary").click()
    wait(lambda: reader.driver.execute_script(unset, folded) == 0)
    assert reader.driver.execute_script("return document.querySelectorAll('[data-mjx]').length") > 0


def wait(done, seconds=5):
    """Wait until something is so, and fail if it does not become so."""
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def test_an_equation_that_was_changed_since_is_not_marked_as_verified():
    told = evidence.mark(evidence.NOT_JUDGED, "(1.1)", "ledger.html#eq-a")
    assert "evidence-open" in told and "Not verified." in told


FAULTS = {
    "request elsewhere": '<img src="https://example.org/a.png" alt="a">',
    "console": "<script>undeclared()</script>",
    "TeX error": r'<span class="math notranslate">\(\frobnicate{x}\)</span>',
    "formula not typeset": '<span class="math notranslate">x</span>',
    "image not shown": '<img src="absent.png" alt="a">',
    "404": '<script src="absent.js"></script>',
    "id used twice": '<p id="a">a</p><p id="a">b</p>',
    "page wider than the screen": '<div style="width: 3000px">wide</div>',
}


@pytest.fixture(scope="module")
def planted(site, tmp_path_factory):
    """The address of a folder with one page for each fault, and one without any."""
    folder = tmp_path_factory.mktemp("planted")
    mathjax = (site / "_static" / "mathjax" / "tex-svg-full.js").read_bytes()
    (folder / "mathjax.js").write_bytes(mathjax)
    for k, body in enumerate(["<p>nothing wrong</p>", *FAULTS.values()]):
        head = '<link rel="icon" href="data:,"><title>t</title><script src="mathjax.js"></script>'
        (folder / f"{k}.html").write_text(
            f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'
        )
    with serve(folder) as address:
        yield address


@pytest.mark.parametrize("number, fault", list(enumerate(FAULTS, 1)))
def test_the_reader_catches(planted, reader: Reader, number, fault):
    assert any(told.startswith(fault) for told in reader.open(f"{planted}/{number}.html"))


def test_the_reader_finds_nothing_wrong_where_nothing_is(planted, reader: Reader):
    assert reader.open(f"{planted}/0.html") == []
    assert any(told.startswith("landmark-one-main") for told in reader.accessibility())


def test_a_broken_link_a_broken_anchor_and_a_foreign_script_are_caught(tmp_path):
    (tmp_path / "a.html").write_text('<p id="here"><a href="b.html">b</a><a href="#there">t</a><a href="#here">h</a>')
    assert broken_links(tmp_path) == ["a.html: b.html (no such file)", "a.html: #there (no such place)"]
    (tmp_path / "a.html").write_text('<script src="https://example.org/x.js"></script>')
    assert foreign_resources(tmp_path) == ["a.html: https://example.org/x.js"]


@pytest.mark.parametrize("folder", VENDORED, ids=lambda folder: folder.name)
def test_vendored_files_are_the_ones_their_readme_names(folder):
    named = dict(re.findall(r"`([0-9a-f]{64})` \| `([^`]+)`", (folder / "README.md").read_text()))
    assert named == {hashlib.sha256(p.read_bytes()).hexdigest(): p.name for p in folder.glob("*.js")}
    assert (folder / "LICENSE").stat().st_size > 1000
