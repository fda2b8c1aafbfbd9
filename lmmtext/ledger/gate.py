"""The gate: for what a book is refused. Each rule yields sentences, each one fault."""

from collections.abc import Callable, Iterator

from lmmtext.ledger.report import Report

MOST_CITED = 0.05


def faults(report: Report) -> list[str]:
    """Return every fault of the book that a ledger is of.

    Those of single formulas are in the ledger (`entries` and `pages` find them): a display without label or world, a
    claim that is not verified, a wrong variant that survived, a tautology, a symbol outside the table. Here are those
    of the book as a whole.
    """
    return [*report["faults"], *(fault for rule in RULES for fault in rule(report))]


def too_much_cited(report: Report) -> Iterator[str]:
    """Say it if more of the equations are merely cited than a twentieth."""
    equations = report["equations"]
    cited = [e["label"] for e in equations if e["kind"] == "cited"]
    if len(cited) > MOST_CITED * len(equations):
        yield f"{len(cited)} of {len(equations)} equations are only cited, which is more than 5 %: {', '.join(cited)}"


def defined_twice(report: Report) -> Iterator[str]:
    """Say it if two displays are the definition of one symbol: the second can refer to the first."""
    first: dict[str, str] = {}
    for e in report["equations"]:
        for tex in {link["tex"] for c in e["checks"] for link in c["links"] if link["kind"] == "definition"}:
            if tex in first and first[tex] != e["label"]:
                yield f"{e['page']}, {e['label']}: {tex} is defined already by {first[tex]}: refer to that"
            first.setdefault(tex, e["label"])


def nothing_there(report: Report) -> Iterator[str]:
    """Say it if there is no equation at all: then nothing was checked."""
    if not report["equations"]:
        yield "no equation was found in the book"


RULES: tuple[Callable[[Report], Iterator[str]], ...] = (nothing_there, too_much_cited, defined_twice)
