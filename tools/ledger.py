"""Whether the ledger that is kept is that of the book, by hashes, and passes its gate: nothing is judged here.

`make ledger` judges every formula and writes the ledger; `make test` holds it to a fresh run.
"""

import sys

from lmmtext.ledger.gate import faults
from lmmtext.ledger.report import FILE, read, stale
from tools.notebooks import ROOT


def main() -> int:
    """Say why the ledger is out of date, or for what it is refused, or that all is well."""
    wrong = stale(ROOT) or faults(read(ROOT))
    print("\n".join(wrong) or f"{FILE.as_posix()} is that of the book.")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
