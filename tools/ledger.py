"""Whether the ledger that is kept is that of the book: by hashes, nothing is judged (`make ledger` judges)."""

import sys

from lmmtext.ledger.report import FILE, stale
from tools.notebooks import ROOT


def main() -> int:
    """Say why the ledger is out of date, or that it is not."""
    why = stale(ROOT)
    print("\n".join(why) or f"{FILE.as_posix()} is that of the book.")
    return bool(why)


if __name__ == "__main__":
    sys.exit(main())
