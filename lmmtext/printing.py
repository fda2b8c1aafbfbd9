"""Numbers as text that is the same on every machine, and sentences that carry computed numbers.

Two machines may disagree in the last bits of a float. Two numbers that are meant to be 0.125 would then be
printed as 0.12 and 0.13, and two zeros as 0.00 and -0.00. So a float is first rounded to `STABLE` significant
digits, which hides the last bits, and then to the digits that are meant.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from string import Formatter

import numpy as np
from numpy.typing import ArrayLike

STABLE = 12
ZERO = 1e-12
LARGE = 1e9


def fmt(x: float | ArrayLike, digits: int = 2, *, zero: float = ZERO) -> str:
    """Return a number, or an array of numbers, with `digits` decimals.

    Scientific notation is used where decimals would hide the number (below half a unit of the last one) or
    pretend to a precision that nobody reads (from 1e9 on). A number below `zero` in absolute value is
    rounding error and printed as zero, without a sign.

    Parameters
    ----------
    x : float or array_like
        The number in any unit; an array is printed in brackets, row by row.
    digits : int
        Decimals, or in scientific notation decimals of the mantissa.
    zero : float
        What counts as zero, in the unit of `x`; pass 0 to have every number printed.

    Raises
    ------
    ValueError
        If more than 12 significant digits are asked for: they would differ between machines.

    Examples
    --------
    >>> fmt(10.46728596)
    '10.47'
    >>> fmt(-1e-17), fmt(3.2e-5), fmt(-2.5e12)
    ('0.00', '3.20e-05', '-2.50e+12')
    >>> fmt([[1, -0.001], [0.5, 2]], 1)
    '[[1.0, -1.0e-03], [0.5, 2.0]]'
    """
    if np.ndim(x):
        return _each(x, lambda row: fmt(row, digits, zero=zero))
    number: float = np.asarray(x, dtype=float).item()
    if abs(number) < zero:
        number = 0.0
    if abs(number) < LARGE:
        text = _steady(number, f".{digits}f")
        if number == 0 or re.search("[1-9]", text):
            return text
    return _steady(number, f".{digits}e")


@dataclass(frozen=True)
class Sentence:
    """Text that a notebook shows as Markdown, and a console as it is; `say` makes one."""

    text: str

    def __repr__(self) -> str:
        """Return the text itself."""
        return self.text

    def _repr_markdown_(self) -> str:
        return self.text


def say(template: str, /, **values: object) -> Sentence:
    """Return a sentence in Markdown whose numbers are computed, as the output of its cell.

    The template is that of `str.format`. Each float must say how it is rounded, as ``{slope:.2f}`` or
    ``{p:.1e}``, and is printed alike on every machine; an array is printed by its elements.

    Raises
    ------
    ValueError
        If a float has no format, or one of more than 12 significant digits.
    KeyError
        If the template names a value that was not given.

    Examples
    --------
    >>> say("The slope is **{slope:.2f}** ms a day, in {n} people.", slope=10.46728596, n=18)
    The slope is **10.47** ms a day, in 18 people.
    >>> say("The slope is {slope} ms a day.", slope=10.46728596)
    Traceback (most recent call last):
    ValueError: a float needs a format that says how it is rounded, such as {x:.2f}; got 10.46728596.
    """
    return Sentence(_Template().vformat(template, (), values))


class _Template(Formatter):
    """The syntax of `str.format`, but a float is rounded on purpose and printed alike everywhere."""

    def format_field(self, value, spec):
        if np.ndim(value):
            return _each(value, lambda row: self.format_field(row, spec))
        if not isinstance(value, float | np.floating):
            return format(value, spec)
        if not spec:
            raise ValueError(
                f"a float needs a format that says how it is rounded, such as {{x:.2f}}; got {float(value)!r}."
            )
        return _steady(float(value), spec)


def _each(values: ArrayLike, text: Callable[[np.ndarray], str]) -> str:
    return "[" + ", ".join(text(value) for value in np.asarray(values)) + "]"


def _steady(x: float, spec: str) -> str:
    """Return ``format(x, spec)`` of `x` rounded to `STABLE` digits, and no minus before a zero."""
    text = format(float(f"{x:.{STABLE - 1}e}"), spec)
    digits = re.sub(r"[eE][+-]\d+|\D", "", text).lstrip("0")
    if len(digits) > STABLE:
        raise ValueError(
            f"{x!r} has more than {STABLE} significant digits as {spec!r}, and the last of them differ "
            "between machines; ask for fewer digits, or use repr."
        )
    return text if digits or not np.isfinite(x) else text.replace("-", "", 1)
