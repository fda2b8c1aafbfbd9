"""Linear mixed-effects models, small and exact: the companion package of the book.

Analysts need `lmm` and the `Fit` it returns. The rest is the theory in code, a chapter a module.
"""

from lmmtext.catalogue import datasets, describe, load
from lmmtext.covariance import MarginalCovariance
from lmmtext.criterion import deviance, profiled_deviance
from lmmtext.derivatives import expected_information, profiled_gradient, score, variance_derivative
from lmmtext.design import Design, build
from lmmtext.fit import Fit, lmm
from lmmtext.gls import gls, ols
from lmmtext.henderson import henderson_form, mixed_model_equations
from lmmtext.inference import compare
from lmmtext.iterative import ESTIMATORS, estimate
from lmmtext.linear_prediction import best_linear_prediction, blup
from lmmtext.one_way import OneWay, oneway
from lmmtext.printing import fmt, say
from lmmtext.routes import ROUTES, factor
from lmmtext.simulation import simulate
from lmmtext.structure import Structure

__all__ = [
    "ESTIMATORS",
    "ROUTES",
    "Design",
    "Fit",
    "MarginalCovariance",
    "OneWay",
    "Structure",
    "best_linear_prediction",
    "blup",
    "build",
    "compare",
    "datasets",
    "describe",
    "deviance",
    "estimate",
    "expected_information",
    "factor",
    "fmt",
    "gls",
    "henderson_form",
    "lmm",
    "load",
    "mixed_model_equations",
    "ols",
    "oneway",
    "profiled_deviance",
    "profiled_gradient",
    "say",
    "score",
    "simulate",
    "variance_derivative",
]
