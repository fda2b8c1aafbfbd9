"""The formulas of lecture 24 of STA721 (Merlise Clyde, Duke University), as the page about them has them."""

from pathlib import Path

from lmmtext.verify.review import read

LINES = read(Path(__file__).resolve().parents[2] / "book" / "lecture.toml")
LECTURE = tuple((line.slide, line.claim.formula) for line in LINES if line.source == "formula")
