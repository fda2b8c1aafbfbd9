"""Linear mixed-effects models, small and exact: the companion package of the book.

Analysts need `lmm` and the `Fit` it returns. The rest is the theory in code, a chapter a module. A name is imported
when it is first used, and with it only what it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lmmtext.catalogue import datasets, describe, load
    from lmmtext.covariance import MarginalCovariance
    from lmmtext.criterion import deviance, profiled_deviance
    from lmmtext.derivatives import expected_information, profiled_gradient, score, variance_derivative
    from lmmtext.design import Design, build
    from lmmtext.fit import Fit, lmm
    from lmmtext.henderson import henderson_form, mixed_model_equations
    from lmmtext.inference import compare
    from lmmtext.iterative import ESTIMATORS, estimate
    from lmmtext.least_squares import gls, ols
    from lmmtext.linear_prediction import best_linear_prediction, blup
    from lmmtext.one_way import OneWay, oneway
    from lmmtext.parametrisations import SCALES, from_scale, to_scale
    from lmmtext.printing import fmt, say
    from lmmtext.routes import ROUTES, factor
    from lmmtext.simulation import simulate
    from lmmtext.structure import Structure

_HOMES = {
    "catalogue": (
        "datasets",
        "describe",
        "load",
    ),
    "covariance": ("MarginalCovariance",),
    "criterion": (
        "deviance",
        "profiled_deviance",
    ),
    "derivatives": (
        "expected_information",
        "profiled_gradient",
        "score",
        "variance_derivative",
    ),
    "design": (
        "Design",
        "build",
    ),
    "fit": (
        "Fit",
        "lmm",
    ),
    "henderson": (
        "henderson_form",
        "mixed_model_equations",
    ),
    "inference": ("compare",),
    "iterative": (
        "ESTIMATORS",
        "estimate",
    ),
    "least_squares": (
        "gls",
        "ols",
    ),
    "linear_prediction": (
        "best_linear_prediction",
        "blup",
    ),
    "one_way": (
        "OneWay",
        "oneway",
    ),
    "parametrisations": (
        "SCALES",
        "from_scale",
        "to_scale",
    ),
    "printing": (
        "fmt",
        "say",
    ),
    "routes": (
        "ROUTES",
        "factor",
    ),
    "simulation": ("simulate",),
    "structure": ("Structure",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "ESTIMATORS",
    "ROUTES",
    "SCALES",
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
    "from_scale",
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
    "to_scale",
    "variance_derivative",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
