"""Formulas in pieces, for the peers that take them so."""

import re


def pieces(formula: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the fixed part of a formula and its random terms, each as coefficients and group.

    >>> pieces("y ~ 1 + x + (x | g) + (1 | a:b)")
    ('y ~ 1 + x', [('x', 'g'), ('1', 'a:b')])
    """
    bars = re.findall(r"\(([^()|]+)\|([^()|]+)\)", formula)
    fixed = re.sub(r"\+?\s*\([^()|]+\|[^()|]+\)", "", formula)
    return fixed.strip(), [(left.strip(), group.replace(" ", "")) for left, group in bars]
