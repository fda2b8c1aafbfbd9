"""Agreement with lme4: every reference fit, every quantity, to the tolerances of tests/reference/README.md."""

import numpy as np
import pandas as pd
import pytest

from tests import reference_fits as ref


@pytest.mark.parametrize("criterion", ["REML", "ML"])
@pytest.mark.parametrize("name", ref.NAMES)
def test_a_fit_agrees_with_lme4(name, criterion):
    found = ref.deviations(name, criterion)
    assert found.keys() == ref.TOLERANCES.keys()
    assert {q: v for q, v in found.items() if not v <= ref.TOLERANCES[q]} == {}


def test_there_are_forty_four_reference_fits():
    assert 2 * len(ref.NAMES) == 44


@pytest.mark.parametrize("name", [n for n in ref.NAMES if "predict_REML" in ref.reference(n)])
def test_predictions_for_new_rows_agree_with_lme4(name):
    wanted, fit = ref.reference(name)["predict_REML"], ref.fitted(name, "REML")
    new = pd.DataFrame(wanted["newdata"])
    assert np.allclose(fit.predict(new, random="omit"), wanted["population"], rtol=1e-9)
    assert np.allclose(fit.predict(new), wanted["conditional_new_levels_zero"], rtol=1e-8)


@pytest.mark.parametrize("criterion", ["REML", "ML"])
def test_fitted_values_and_residuals_agree_with_lme4(criterion):
    fit, wanted = (
        ref.fitted("sleepstudy_corr", criterion),
        ref.reference("sleepstudy_corr")["fits"][criterion],
    )
    assert np.allclose(fit.fitted.iloc[:10], wanted["fitted_head"], rtol=1e-8)
    assert np.isclose((fit.residuals**2).sum(), wanted["resid_sumsq"], rtol=1e-8)


@pytest.mark.parametrize("name", [n for n in ref.NAMES if "wald_ML" in ref.reference(n)])
def test_wald_intervals_agree_with_lme4(name):
    wanted, fit = ref.reference(name)["wald_ML"], ref.fitted(name, "ML")
    found = fit.confint()
    assert found.attrs["method"] == "Wald"
    assert np.allclose(found["lower"], np.array(wanted["lower"], dtype=float)[-fit.design.p :], rtol=1e-7)
    assert np.allclose(found["upper"], np.array(wanted["upper"], dtype=float)[-fit.design.p :], rtol=1e-7)
