"""What a world has, for people and programs that ask."""

from typing import Any

from lmmtext.verify.dims import ONE
from lmmtext.verify.world import World


def describe(world: World) -> dict[str, Any]:
    """Return a world's name, words, and symbols with spellings, meanings, shapes, kinds and definitions."""
    other: dict[str, list[str]] = {}
    for tex, name in world.aliases.items():
        other.setdefault(name, []).append(tex)
    symbols = []
    for m in world.meanings:
        rows, cols = (d.replaced(world.relations) for d in (m.rows, m.cols))
        symbols.append(
            {
                "tex": m.tex,
                "also": other.get(m.name, []),
                "words": m.words,
                "shape": "number" if rows == cols == ONE else f"{rows} x {cols}",
                "kind": m.kind,
                "definition": m.definition if isinstance(m.definition, str) else "",
            }
        )
    return {
        "name": world.name,
        "words": world.words,
        "normal": world.normal,
        "sizes": {name: str(world.relations[name]) if name in world.relations else name for name in world.sizes},
        "symbols": symbols,
    }
