"""Hashes that say whether a thing is what it was: of a module by what it does, of a formula by what is claimed."""

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]


def digest(parts: Iterable[bytes]) -> str:
    """Return a short hash of several things in their order."""
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()[:16]


def of_value(value: Any) -> str:
    """Return the hash of a plain value."""
    return digest([json.dumps(value, sort_keys=True).encode()])


@cache
def meaning(source: str) -> bytes:
    """Return what a module does, without comments, docstrings and layout (the same on every Python)."""
    return " ".join(_flat(ast.parse(source))).encode()


def _flat(node: object) -> Iterator[str]:
    if isinstance(node, ast.AST):
        yield type(node).__name__
        for name, value in ast.iter_fields(node):
            if name == "body" and isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                value = value[ast.get_docstring(node, clean=False) is not None :]
            if name == "values" and isinstance(node, ast.JoinedStr):  # Python 3.12 adds empty pieces to f-strings
                value = [v for v in value if not (isinstance(v, ast.Constant) and v.value == "")]
            if value not in (None, []):  # newer Pythons have more fields, empty in older code
                yield f"{name}("
                yield from _flat(value)
                yield ")"
    elif isinstance(node, list):
        for item in node:
            yield from _flat(item)
            yield ","
    else:
        yield repr(node)


def _modules(paths: Iterable[Path]) -> str:
    found = sorted(p for path in paths for p in ([path] if path.is_file() else path.rglob("*")))
    kept = [p for p in found if p.suffix in (".py", ".lark")]
    return digest(
        part
        for p in kept
        for part in (
            p.relative_to(PACKAGE).as_posix().encode(),
            meaning(p.read_text(encoding="utf-8")) if p.suffix == ".py" else p.read_bytes(),
        )
    )


@cache
def engine() -> str:
    """Return the hash of all that decides a verdict: the checker, the notation, what reads pages and writes entries."""
    here = [PACKAGE / "ledger" / f"{x}.py" for x in ("declarations", "pages", "symbols", "shapes", "inline", "entries")]
    return _modules([PACKAGE / "verify", PACKAGE / "notation.py", *here])


@cache
def package() -> str:
    """Return the hash of the functions that equations are tied to: the package without its checker."""
    apart = {"verify", "ledger", "data", "plots", "__main__.py"}
    return _modules(p for p in PACKAGE.iterdir() if p.name not in apart and p.name != "__pycache__")
