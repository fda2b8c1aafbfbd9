"""Bad inputs, and the words that each must be answered with: `python -m tests.bad_inputs` prints what is said."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from lmmtext import compare, lmm, load

SLEEP = load("sleepstudy")
RNG = np.random.default_rng(7)


def sleep(**columns) -> pd.DataFrame:
    """Return the sleep study with columns changed or added."""
    return SLEEP.assign(**columns)


def intercepts(data: pd.DataFrame = SLEEP, formula: str = "Reaction ~ Days + (1 | Subject)", **options):
    """Return the fit of a random-intercept model."""
    return lmm(formula, data, **options)


def replaced(column: str, row: int, value: object) -> pd.DataFrame:
    """Return the sleep study with one value of a column replaced."""
    values = SLEEP[column].astype(object).copy()
    values.iloc[row] = value
    return sleep(**{column: values.infer_objects()})


def weights(value: float) -> np.ndarray:
    """Return weights of one with one other value."""
    out = np.ones(len(SLEEP))
    out[3] = value
    return out


CASES: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "unknown column": (lambda: intercepts(formula="Reaction ~ Dayz + (1 | Subject)"), ValueError, "no column 'Dayz'.*Did you mean 'Days'"),
    "unknown grouping factor": (lambda: intercepts(formula="Reaction ~ (1 | Person)"), ValueError, "no column 'Person'"),
    "misspelt criterion": (lambda: intercepts(criterion="REML "), ValueError, "criterion must be 'ml' or 'reml', got 'REML '"),
    "grouping factor with one level": (lambda: intercepts(sleep(Subject="only")), ValueError, "one level, 'only'.*cannot be told"),
    "as many random effects as rows": (
        lambda: intercepts(sleep(row=np.arange(180)), "Reaction ~ Days + (1 | row)"), ValueError, "180 random effects for 180 rows.*sigma2"),
    "two coefficients a group of two": (
        lambda: lmm("y ~ (x | g)", {"y": [1.0, 2, 4, 3, 7, 5], "x": [0, 1] * 3, "g": list("aabbcc")}), ValueError, "3 x 2 = 6 random effects for 6 rows"),
    "response all missing": (lambda: intercepts(sleep(Reaction=np.nan)), ValueError, "every value of 'Reaction' is missing"),
    "response infinite": (lambda: intercepts(replaced("Reaction", 4, np.inf)), ValueError, "'Reaction' must be finite; complete row 4"),
    "predictor infinite": (lambda: intercepts(replaced("Days", 4, np.inf)), ValueError, "'Days' is inf in complete row 4"),
    "transformed predictor not finite": (lambda: intercepts(formula="Reaction ~ log(Days) + (1 | Subject)"), ValueError, r"'log\(Days\)' is -inf in complete row 0"),
    "zero weight": (lambda: intercepts(weights=weights(0)), ValueError, "weights must be positive"),
    "negative weight": (lambda: intercepts(weights=weights(-1)), ValueError, "weights must be positive"),
    "weights of another length": (lambda: intercepts(weights=np.ones(3)), ValueError, r"shape \(180,\).*got \(3,\)"),
    "weights that are text": (lambda: intercepts(weights="Subject"), ValueError, "weights must be numeric; column 'Subject'"),
    "weights with another index": (lambda: intercepts(weights=pd.Series(np.ones(180), index=range(1, 181))), ValueError, "index is not that of the data"),
    "constant response": (lambda: intercepts(sleep(Reaction=3.0)), ValueError, "one value 3.0 in all 180 rows"),
    "response fitted exactly": (lambda: intercepts(sleep(Reaction=2.0 * SLEEP["Days"] + 1)), ValueError, "fit the response exactly"),
    "no random term": (lambda: intercepts(formula="Reaction ~ Days"), ValueError, "no random term.*ols"),
    "formula not closed": (lambda: intercepts(formula="Reaction ~ Days + (1 | Subject"), ValueError, r"never closed[\s\S]*\^"),
    "bar without brackets": (lambda: intercepts(formula="Reaction ~ Days + 1 | Subject"), ValueError, r"alone in brackets[\s\S]*\^"),
    "formula not text": (lambda: intercepts(formula=3), TypeError, "must be a string"),
    "power inside I()": (lambda: intercepts(formula="Reaction ~ I(Days^2) + (1 | Subject)"), ValueError, r"reads '\^' bit by bit; write a power as \*\*"),
    "offset in the formula": (lambda: intercepts(formula="Reaction ~ offset(Days) + (1 | Subject)"), ValueError, "argument offset="),
    "no rows": (lambda: intercepts(SLEEP.iloc[:0]), ValueError, "no rows"),
    "column twice": (lambda: intercepts(SLEEP[["Reaction", "Days", "Days", "Subject"]]), ValueError, "'Days' stands 2 times"),
    "text response": (lambda: intercepts(sleep(Reaction="slow")), ValueError, "response must be numeric; column 'Reaction' holds 'slow'"),
    "missing values refused": (lambda: intercepts(replaced("Days", 2, None), missing="raise"), ValueError, r"values are missing: Days \(1\)"),
    "misspelt missing": (lambda: intercepts(missing="skip"), ValueError, "missing must be 'drop' or 'raise', got 'skip'"),
    "data that are no table": (lambda: intercepts(data=3), TypeError, "data must be a pandas DataFrame"),
    "more fixed effects than rows": (
        lambda: lmm("y ~ f + (1 | g)", {"y": [1.0, 3, 2, 5], "f": list("abcd"), "g": list("aabb")}), ValueError, "4 fixed effects need more than 4"),
    "unseen category in prediction": (
        lambda: lmm("score ~ Machine + (1 | Worker)", load("machines")).predict({"Machine": ["D"], "Worker": ["1"]}), ValueError, "'Machine' has the level 'D', which the fit has not seen"),
    "unseen group in prediction": (
        lambda: intercepts().predict({"Days": [1], "Subject": ["999"]}, new_levels="error"), ValueError, "has not seen, first '999'"),
    "groups of another type in prediction": (
        lambda: intercepts().predict({"Days": [1], "Subject": [308]}), TypeError, "'Subject' were text in the fit.*got 308"),
    "column missing in prediction": (lambda: intercepts().predict({"Days": [1]}), ValueError, "lack the column 'Subject'"),
    "value missing in prediction": (lambda: intercepts().predict({"Days": [None], "Subject": ["308"]}), ValueError, "1 missing values in 'Days'"),
    "misspelt random": (lambda: intercepts().predict(random="none"), ValueError, "random must be 'include' or 'omit', got 'none'"),
    "seed instead of a generator": (lambda: intercepts().simulate(rng=1), TypeError, "must be a numpy Generator"),
    "response of another length": (lambda: intercepts().refit(np.ones(4)), ValueError, r"y must have shape \(180\), got \(4,\)"),
    "level above one": (lambda: intercepts().confint(95), ValueError, "level must lie between 0 and 1, got 95"),
    "REML with other fixed effects": (
        lambda: compare(intercepts(), intercepts(formula="Reaction ~ (1 | Subject)")), ValueError, "REML criteria of models with different fixed effects"),
    "fits by two criteria": (lambda: compare(intercepts(), intercepts(criterion="ml")), ValueError, "one criterion, got"),
    "fits of two responses": (
        lambda: compare(intercepts(), intercepts(sleep(Reaction=SLEEP["Reaction"] + RNG.normal(size=180)), "Reaction ~ Days + (Days | Subject)")), ValueError, "same responses"),
    "a coefficient that is always zero": (lambda: intercepts(sleep(z=0.0), "Reaction ~ Days + (0 + z | Subject)"), ValueError, "'z' .or it is zero.*not identified"),
    "columns of a random term that determine each other": (lambda: intercepts(sleep(z=2.0), "Reaction ~ Days + (z | Subject)"), ValueError, "determine 'z'.*not identified"),
    "a coefficient in two random terms": (lambda: intercepts(formula="Reaction ~ (1 | Subject) + (Days | Subject)"), ValueError, r"'\(Intercept\)' of 'Subject' stands in two"),
    "a group as fixed and as random effect": (lambda: intercepts(formula="Reaction ~ Subject + (1 | Subject)"), ValueError, "by REML the variance.*not identified"),
    "dates as a predictor": (lambda: intercepts(sleep(Days=pd.Timestamp("2020-01-01"))), ValueError, "'Days' holds datetime64.*turn them into numbers"),
    "complex response": (lambda: intercepts(sleep(Reaction=SLEEP["Reaction"] * 1j)), ValueError, "complex numbers"),
    "complex response in a refit": (lambda: intercepts().refit(SLEEP["Reaction"].to_numpy() * 1j), TypeError, "real numbers.*complex"),
    "shuffled series in a refit": (lambda: intercepts().refit(SLEEP["Reaction"].sample(frac=1, random_state=1)), ValueError, "index is not that of the fit's rows"),
    "a column of mixed values": (lambda: intercepts(sleep(Subject=["a", 1] * 90)), ValueError, "values of the types int, str"),
    "response too large to be squared": (lambda: intercepts(sleep(Reaction=SLEEP["Reaction"] * 1e200)), ValueError, "cannot be squared"),
    "a reserved name inside a function": (lambda: intercepts(SLEEP.rename(columns={"Days": "lambda"}), "Reaction ~ sqrt(lambda) + (1 | Subject)"), ValueError, "name that Python could give a variable: rename it"),
    "all other columns by a dot": (lambda: intercepts(formula="Reaction ~ . + (1 | Subject)"), ValueError, "'.', for all other columns"),
    "no data": (lambda: intercepts(None), TypeError, "got None"),
    "offset missing in prediction": (lambda: intercepts(offset=SLEEP["Days"]).predict(SLEEP), ValueError, "has an offset: give the new rows"),
    "offset not finite in prediction": (lambda: intercepts(offset="Days").predict(SLEEP, offset=np.full(180, np.nan)), ValueError, "offset must be finite"),
    "unknown offset column in prediction": (lambda: intercepts(offset=SLEEP["Days"]).predict(SLEEP, offset="off"), ValueError, "lack the column 'off'"),
    "level as text": (lambda: intercepts().confint("0.95"), ValueError, "between 0 and 1, got '0.95'"),
    "comparison with something else": (lambda: compare(intercepts(), "x"), TypeError, "two fits of lmm, got str"),
    "unknown data set": (lambda: load("sleepstudies"), ValueError, "sleepstudy"),
}  # fmt: skip


def answer(name: str) -> Exception:
    """Return the exception that a bad input raises."""
    call, _, _ = CASES[name]
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError(f"{name} raised nothing")


if __name__ == "__main__":
    for name in CASES:
        error = answer(name)
        print(f"{name}: {type(error).__name__}: {' / '.join(str(error).splitlines())}")
