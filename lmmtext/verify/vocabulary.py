"""The words that are symbols, as the notation table has them: SSE is one thing and not S times S times E."""

import re

from lmmtext.notation import SYMBOLS

_WORD = re.compile(r"\\(?:operatorname|text|mathrm)\{([A-Za-z]{2,})\}")

WORDS = frozenset(
    word for s in SYMBOLS for tex in (s.tex, *getattr(s, "spellings", ())) for word in _WORD.findall(tex)
) - {"vec", "diag", "tr"}
