"""The built site, read as its readers do: from disk or a server, wide or narrow, light or dark, offline."""

import hashlib
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.conftest import ROOT, serve
from tests.reader import NARROW, WIDE, Reader

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
