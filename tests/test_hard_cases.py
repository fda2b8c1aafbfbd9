"""Tables on which mixed-model programs go wrong; see tests/reference/hard/README.md."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lmmtext import lmm, mixed_model_equations

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


def test_the_reported_criterion_is_that_of_its_theta_where_one_coefficient_varies_enormously():
    """A slope with some 10^8 times the variance of the errors, against least squares by QR on the mixed model equations."""
    table = pd.read_csv(FOLDER / "one_huge_coefficient.csv")
    fit = lmm("y ~ x + (x | g) + (0 + z | g)", table, criterion="ml")
    d = fit.design
    wanted = mixed_model_equations(d.X, d.Z, d.y, d.structure.Lambda(fit.theta)).deviance("ml")
    assert fit.theta.max() > 1e3
    assert np.isclose(fit.objective, wanted, rtol=0, atol=1e-4)  # it has been 3e-3 off
