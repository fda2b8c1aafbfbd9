"""Notebooks as the repository keeps them: run, with outputs, and with a record of what made them.

Beside its outputs a notebook carries, in ``metadata.lmmtext.inputs``, a short hash of each thing that they
were made from: its code cells, the package, the data, the pins, and the files of book/ that its code names. What no
longer matches is stale.
"""

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from lmmtext.ledger.sources import digest, meaning

ROOT = Path(__file__).resolve().parents[1]
WORKERS = 2
CELL_SECONDS = 120
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "pygments_lexer": "ipython3",
}
TRANSIENT = ("execution", "ExecuteTime", "collapsed", "scrolled", "trusted")


def paths(root: Path = ROOT) -> list[Path]:
    """Return the book's notebooks, in order of name."""
    return sorted(p for p in (root / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)


def read(path: Path) -> dict[str, Any]:
    """Return a notebook as a dictionary, each cell's source as one string."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def inputs(notebook: dict[str, Any], root: Path = ROOT) -> dict[str, str]:
    """Return the hash of each thing that the outputs of a notebook are made from."""
    code = json.dumps([c["source"] for c in notebook["cells"] if c["cell_type"] == "code"])
    named = [p for p in sorted((root / "book").glob("*.toml")) if p.name in code]
    files = {"files": digest(p.read_bytes() for p in named)} if named else {}
    return {"code": digest([code.encode()]), **_shared_inputs(root), **files}


def _shared_inputs(root: Path) -> dict[str, str]:
    modules = sorted((root / "lmmtext").rglob("*.py"))
    data = sorted(p for p in (root / "lmmtext" / "data").rglob("*") if p.is_file() and p.suffix != ".py")
    pins = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return {
        "package": digest(
            part
            for path in modules
            for part in (
                path.relative_to(root).as_posix().encode(),
                meaning(path.read_text(encoding="utf-8")),
            )
        ),
        "data": digest(part for path in data for part in (path.name.encode(), path.read_bytes())),
        "pins": digest(line.encode() for line in pins if not line.startswith("#")),
    }


def stale(path: Path, root: Path = ROOT) -> list[str]:
    """Return which inputs of a notebook changed since its outputs were made."""
    notebook = read(path)
    recorded = notebook["metadata"].get("lmmtext", {}).get("inputs", {})
    return [name for name, value in inputs(notebook, root).items() if recorded.get(name) != value]


def execute(path: Path, root: Path = ROOT) -> str:
    """Run a notebook and rewrite its file; return "", or what went wrong (the file is then left alone)."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = nbformat.from_dict(read(path))
    for number, cell in enumerate(notebook.cells, 1):
        cell.setdefault("id", f"cell-{number}")
        cell.metadata = {k: v for k, v in cell.metadata.items() if k not in TRANSIENT}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata = {k: v for k, v in notebook.metadata.items() if k in ("lmmtext", "mystnb", "tags")}
    notebook.metadata |= {"kernelspec": KERNEL, "language_info": LANGUAGE}
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return str(error)
    loud = [
        output.text for cell in notebook.cells for output in cell.get("outputs", []) if output.get("name") == "stderr"
    ]
    if loud:
        return "It wrote to stderr, which no notebook may:\n" + "".join(loud)
    notebook.metadata["language_info"] = LANGUAGE
    notebook.metadata["lmmtext"] = {"inputs": inputs(notebook, root)}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    path.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8", newline="\n")
    return ""


def refresh(chosen: list[Path], root: Path = ROOT) -> int:
    """Run notebooks, two at a time, telling of each; return how many failed."""
    if not chosen:
        return 0
    import matplotlib.font_manager  # noqa: F401  (the first import looks for fonts, and says so on stderr)

    failed = 0
    start = time.monotonic()
    with ProcessPoolExecutor(WORKERS) as pool:
        waiting = {pool.submit(execute, path, root): path for path in chosen}
        for done, future in enumerate(as_completed(waiting), 1):
            name = waiting[future].relative_to(root).as_posix()
            told = future.result()
            failed += bool(told)
            verdict, seconds = "FAILED" if told else "ran", time.monotonic() - start
            print(f"[{done}/{len(chosen)}] {verdict} {name} ({seconds:.0f} s)")
            if told:
                print(told)
            sys.stdout.flush()
    return failed


def main(arguments: list[str]) -> int:
    """Refresh all notebooks, those named, or with ``--stale`` those whose inputs changed."""
    if "--stale" in arguments:
        why = {path: changed for path in paths() if (changed := stale(path))}
        for path, changed in why.items():
            print(f"{path.relative_to(ROOT).as_posix()} is run again: {', '.join(changed)} changed.", flush=True)
        chosen = list(why)
    else:
        chosen = [Path(a).resolve() for a in arguments] or paths()
    return min(refresh(chosen), 1)


if __name__ == "__main__":
    if sys.argv[1:2] != ["refresh"]:
        sys.exit("usage: python -m tools.notebooks refresh [--stale | NOTEBOOK ...]")
    sys.exit(main(sys.argv[2:]))
