"""A fitted model as a person reads it: in the terminal and in a notebook."""

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from lmmtext.estimates import Estimates


@dataclass(frozen=True)
class Summary:
    """The tables and remarks of a fit; prints as text, shows as HTML in a notebook."""

    title: str
    facts: str
    random: pd.DataFrame
    fixed: pd.DataFrame
    remarks: tuple[str, ...]

    def __str__(self) -> str:
        fixed = ["Fixed effects", _text(self.fixed)] if len(self.fixed) else ["No fixed effects"]
        parts = [self.title, self.facts, "", "Random effects", _text(self.random), "", *fixed]
        return "\n".join([*parts, *([""] if self.remarks else []), *self.remarks])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        remarks = "".join(f"<p>{escape(r)}</p>" for r in self.remarks)
        return (
            f"<div><p><b>{escape(self.title)}</b><br>{escape(self.facts)}</p>"
            f"{_html(self.random, 'Random effects')}{_html(self.fixed, 'Fixed effects')}{remarks}</div>"
        )


def summary(fit: Estimates) -> Summary:
    """Return the summary of a fit: criterion, variances, fixed effects, and what there is to remark."""
    name = {"reml": "REML", "ml": "maximum likelihood"}[fit.criterion]
    label = {"reml": "REML criterion", "ml": "-2 log-likelihood"}[fit.criterion]
    facts = f"{label} {fit.objective:.4f}, AIC {fit.aic:.2f}, BIC {fit.bic:.2f}; {_sizes(fit)}"
    return Summary(
        f"Linear mixed model by {name}: {fit.design.formula.text}",
        facts,
        _random(fit),
        _fixed(fit),
        _remarks(fit),
    )


def _sizes(fit: Estimates) -> str:
    groups = {t.group: len(t.levels) for t in fit.design.terms}
    listed = ", ".join(f"{levels} {group}" for group, levels in groups.items())
    return f"{fit.nobs} observations, groups: {listed}"


def _random(fit: Estimates) -> pd.DataFrame:
    """Variances, standard deviations and correlations, a row each."""
    rows = []
    for name, term in fit.varcorr.items():
        sd, corr = term.sd, term.corr.to_numpy()
        for k, column in enumerate(sd.index):
            rows.append([name if k == 0 else "", column, sd.iloc[k] ** 2, sd.iloc[k], *corr[k, :k]])
    rows.append(["Residual", "", fit.sigma2, fit.sigma])
    width = max(len(r) for r in rows)
    headings = ["group", "coefficient", "variance", "sd", *[""] * (width - 4)]
    if width > 4:
        headings[4] = "correlation"
    cells = [[*r[:2], *(_number(v) for v in r[2:4]), *(f"{v:.3f}" for v in r[4:])] for r in rows]
    return pd.DataFrame([c + [""] * (width - len(c)) for c in cells], columns=headings)


def _fixed(fit: Estimates) -> pd.DataFrame:
    ratio = fit.fixef / fit.stderr
    cells = {
        "": list(fit.fixef.index),
        "estimate": [_number(v) for v in fit.fixef],
        "std. error": [_number(v) for v in fit.stderr],
        "t value": [f"{v:.2f}" for v in ratio],
    }
    return pd.DataFrame(cells)


def _remarks(fit: Estimates) -> tuple[str, ...]:
    d, out = fit.design, []
    if fit.boundary:
        out.append("On the boundary: " + "; ".join(fit.boundary) + ".")
    if fit.unidentified:
        out.append("Not identified, so that other values may fit as well: " + "; ".join(fit.unidentified) + ".")
    if not fit.converged:
        out.append(f"Not to be trusted: {fit.optimum.message}.")
    if d.dropped_columns:
        out.append("Left out, being determined by earlier columns: " + ", ".join(d.dropped_columns) + ".")
    if d.dropped_rows:
        rows = "row with a missing value was" if d.dropped_rows == 1 else "rows with missing values were"
        out.append(f"{d.dropped_rows} {rows} left out.")
    return tuple(out)


def _number(value: float) -> str:
    """Five significant digits, without an exponent where that is readable."""
    if value != 0 and not 1e-4 <= abs(value) < 1e7:
        return f"{value:.4e}"
    decimals = 4 if value == 0 else int(np.clip(4 - np.floor(np.log10(abs(value))), 0, 8))
    return f"{value:.{decimals}f}"


def _text(table: pd.DataFrame) -> str:
    widths = [max([len(str(h)), *map(len, table.iloc[:, k])]) for k, h in enumerate(table.columns)]
    text = [k for k, heading in enumerate(table.columns) if heading in ("", "group", "coefficient") and k < 2]

    def line(cells: list[str]) -> str:
        aligned = [c.ljust(w) if k in text else c.rjust(w) for k, (c, w) in enumerate(zip(cells, widths, strict=True))]
        return ("  " + "  ".join(aligned)).rstrip()

    return "\n".join([line(list(table.columns)), *(line(list(row)) for row in table.itertuples(index=False))])


def _html(table: pd.DataFrame, caption: str) -> str:
    head = "".join(_cell(heading, k, table, "th") for k, heading in enumerate(table.columns))
    rows = ("".join(_cell(text, k, table) for k, text in enumerate(row)) for row in table.itertuples(index=False))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    title = f'<caption style="text-align:left">{caption}</caption>'
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(text: str, k: int, table: pd.DataFrame, tag: str = "td") -> str:
    """One cell: names to the left, numbers to the right; an empty heading is no heading."""
    align = "left" if k == 0 or table.columns[k] in ("group", "coefficient") else "right"
    tag, scope = ("th", ' scope="col"') if tag == "th" and text else ("td", "")
    return f'<{tag}{scope} style="text-align:{align};padding:0.15em 0.7em">{escape(text)}</{tag}>'
