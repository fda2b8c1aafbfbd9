"""Spelling of code, pages and notebooks (their cells, not their outputs), by codespell."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tools.notebooks import ROOT, paths, read

TEXTS = (
    "*.md",
    "*.toml",
    "*.cff",
    "_*.yml",
    "lmmtext/**/*.py",
    "tests/**/*.py",
    "tools/**/*.py",
    "book/**/*.md",
    "book/*.toml",
)


def main() -> int:
    """Check everything; return codespell's verdict."""
    texts = {path for pattern in TEXTS for path in ROOT.glob(pattern)}
    with tempfile.TemporaryDirectory() as folder:
        for path in paths():
            copy = Path(folder, path.relative_to(ROOT)).with_suffix(".ipynb.txt")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text("\n".join(cell["source"] for cell in read(path)["cells"]), encoding="utf-8")
        command = [sys.executable, "-m", "codespell_lib", "--toml", str(ROOT / "pyproject.toml"), folder]
        return subprocess.run([*command, *map(str, sorted(texts))]).returncode


if __name__ == "__main__":
    sys.exit(main())
