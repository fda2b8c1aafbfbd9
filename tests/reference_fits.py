"""The reference fits by lme4, and how far a fit of ours is from one: `python -m tests.reference_fits` prints the table."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lmmtext import Fit, lmm

FOLDER = Path(__file__).parent / "reference" / "lme4"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))

# The tolerances of tests/reference/README.md, each in the unit that `deviations` uses.
TOLERANCES = {
    "objective": 1.0,  # of 1e-8 + 1e-11 |objective|
    "sigma": 1e-6,  # relative
    "sds": 1e-6,  # relative (to sigma where the sd is zero)
    "covariance": 1e-6,  # of Lambda Lambda', relative to its largest entry, or to one
    "fixef": 1e-7,  # of the standard error
    "stderr": 1e-6,  # relative
    "vcov": 1e-6,  # relative to the product of standard errors
    "ranef": 1e-6,  # of the sd of the effect
    "condvar": 1e-6,  # relative to the largest variance
    "aic": 1.0,  # as objective
    "bic": 1.0,
}


@cache
def reference(name: str) -> dict[str, Any]:
    """Return one reference model, with its fits."""
    return json.loads((FOLDER / f"{name}.json").read_text())


@cache
def data(name: str) -> pd.DataFrame:
    """Return the rows that were fitted, factors with their levels in R's order."""
    model = reference(name)
    table = pd.read_csv(FOLDER / model["data"], dtype=dict.fromkeys(model["factors"], str))
    for factor, levels in model["factors"].items():
        table[factor] = pd.Categorical(table[factor], categories=levels)
    return table


@cache
def fitted(name: str, criterion: str) -> Fit:
    """Return our fit of a reference model."""
    model = reference(name)
    return lmm(model["formula"], data(name), criterion=criterion.lower(), weights=model["weights"])


def deviations(name: str, criterion: str) -> dict[str, float]:
    """How far each quantity of our fit is from lme4's, in the units of `TOLERANCES`."""
    fit, model = fitted(name, criterion), reference(name)
    ref = model["fits"][criterion]
    allowed = 1e-8 + 1e-11 * abs(ref["objective"])
    se = np.array(ref["se_fixef"])
    sds = {(v["grp"], v["var1"]): v["sdcor"] for v in ref["varcorr"] if v["var2"] is None}
    ours = {(g, c): sd for g, term in fit.varcorr.items() for c, sd in term.sd.items()}
    assert ours.keys() | {("Residual", None)} == sds.keys()
    assert list(fit.fixef.index) == model["X_colnames"]
    out = {
        "objective": abs(fit.objective - ref["objective"]) / allowed,
        "aic": abs(fit.aic - ref["AIC"]) / allowed,
        "bic": abs(fit.bic - ref["BIC"]) / allowed,
        "sigma": abs(fit.sigma / ref["sigma"] - 1),
        "sds": max(abs(sd - sds[key]) / (sds[key] or ref["sigma"]) for key, sd in ours.items()),
        "covariance": _covariance(fit, ref),
        "fixef": float((np.abs(fit.fixef - ref["fixef"]) / se).max()),
        "stderr": float(np.abs(fit.stderr / se - 1).max()),
        "vcov": float((np.abs(fit.vcov - np.array(ref["vcov_fixef"])) / np.outer(se, se)).max(axis=None)),
    }
    modes, variances = zip(*(_group(fit, group, table, ours) for group, table in ref["ranef"].items()), strict=True)
    return out | {"ranef": max(modes), "condvar": max(variances)}


def _covariance(fit: Fit, ref: dict[str, Any]) -> float:
    """Lambda Lambda' rather than theta, which is not unique at a singular fit."""
    structure = fit.design.structure
    pairs = zip(structure.factors(fit.theta), structure.factors(ref["theta"]), strict=True)
    return max(np.abs(a @ a.T - b @ b.T).max() / max(1.0, np.abs(b @ b.T).max()) for a, b in pairs)


def _group(fit: Fit, group: str, table: dict[str, Any], sds: dict[tuple[str, str], float]) -> tuple[float, float]:
    """Largest deviations of conditional modes (in sds of the effect) and conditional covariances of one factor."""
    modes, condvar = fit.ranef[group], fit.condvar[group]
    assert len(modes) == table["nlevels"]
    assert list(modes.columns) == np.atleast_1d(table["coef_names"]).tolist()
    scale = np.array(
        [next(sd for (g, c), sd in sds.items() if g.split(".")[0] == group and c == name) for name in modes]
    )
    scale = np.where(scale > 0, scale, fit.sigma)
    if "first_levels" in table:
        levels, wanted, variances = table["first_levels"], table["first_modes"], table["postVar_first"]
        whole = modes.iloc[:, 0].to_numpy()
        summary = [
            (whole**2).sum() / table["mode_sumsq"],
            whole.min() / table["mode_min"],
            whole.max() / table["mode_max"],
        ]
        spread = [condvar.mean() / table["postVar_mean"], condvar.min() / table["postVar_min"]]
        assert max(abs(np.array(summary + spread) - 1)) < 1e-6
    else:
        levels, wanted, variances = table["levels"], table["modes"], table["postVar"]
    assert list(map(str, modes.index[: len(levels)])) == levels
    wanted = np.array(wanted, dtype=float).reshape(len(levels), -1)
    if isinstance(variances, dict):
        variances = variances["joint"]
    variances = np.array(variances, dtype=float).reshape(len(levels), modes.shape[1], modes.shape[1])
    off = np.abs(modes.to_numpy()[: len(levels)] - wanted) / scale
    size = max(np.abs(variances).max(), 1e-12 * fit.sigma2)
    return float(off.max()), float(np.abs(condvar[: len(levels)] - variances).max() / size)


def table() -> Iterator[str]:
    """The lines of the table of agreement."""
    rows = {(n, c): deviations(n, c) for n in NAMES for c in ("REML", "ML")}
    agreed = sum(all(row[q] <= limit for q, limit in TOLERANCES.items()) for row in rows.values())
    yield f"{agreed} of {len(rows)} reference fits agree"
    for quantity, limit in TOLERANCES.items():
        worst = max(rows, key=lambda key: rows[key][quantity])
        yield f"{quantity:<12} largest {rows[worst][quantity]:.1e} of {limit:.0e} allowed  ({worst[0]}, {worst[1]})"


if __name__ == "__main__":
    print("\n".join(table()))
