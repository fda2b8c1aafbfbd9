"""The ledger: every formula of the book judged, and what was found kept beside it.

`declarations` and `pages` read the notebooks, `symbols`, `shapes`, `inline` and `entries` judge a formula, `run` all of
them, `report` makes the ledger, `gate` holds it to its rules, and `words` tells it. `sources` has the hashes.
"""
