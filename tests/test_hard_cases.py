"""Tables on which mixed-model programs go wrong; see tests/reference/hard/README.md."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lmmtext import lmm

FOLDER = Path(__file__).parent / "reference" / "hard"
CASES = json.loads((FOLDER / "cases.json").read_text())


@pytest.mark.parametrize("name", CASES)
def test_the_lowest_known_objective_is_reached(name):
    case, table = CASES[name], pd.read_csv(FOLDER / f"{name}.csv")
    options = {key: case[key] for key in ("criterion", "weights", "offset")}
    fit = lmm(case["formula"], table, **options)
    assert fit.converged
    assert np.isclose(fit.objective, case["objective"], rtol=1e-11, atol=2e-8)
    assert [t.group for t in fit.design.terms] == [group for group, _ in case["terms"]]
