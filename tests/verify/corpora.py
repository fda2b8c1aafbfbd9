"""The formulas of the book as they stand in its notebooks, and those that DESIGN.md promises."""

import json
import re
from pathlib import Path

BOOK = Path(__file__).resolve().parents[2] / "book"
DISPLAY = re.compile(r"\$\$\s*(.*?)\s*\$\$ \((eq-[\w-]+)\)", re.S)


def _markdown(page):
    cells = json.loads((BOOK / f"{page}.ipynb").read_text(encoding="utf-8"))["cells"]
    return ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]


def displays(page):
    """Return {label: LaTeX} of the labelled displays of a page."""
    return {label: tex for text in _markdown(page) for tex, label in DISPLAY.findall(text)}


def inline(page):
    """Return the inline formulas of a page, each once."""
    found = []
    for text in _markdown(page):
        found += re.findall(r"\$([^$]+)\$", re.sub(r"\$\$.*?\$\$", "", text, flags=re.S))
    return list(dict.fromkeys(found))


DESIGN = {
    "fractions, powers, transposes, inverses": r"\frac{a^2}{b} \mathbf{A}^\top \mathbf{B}^{-1} \mathbf{C}'",
    "determinants": r"|\mathbf{V}| = \det(\mathbf{V}) = \lvert\mathbf{V}\rvert = \det\mathbf{V}",
    "traces": r"\operatorname{tr}(\mathbf{A}) = \operatorname{tr} \mathbf{A}",
    "Kronecker": r"\mathbf{Z} = \mathbf{I}_J \otimes \mathbf{1}_r",
    "blocks": r"\begin{pmatrix} \mathbf{A} & \mathbf{0} \\ \mathbf{0} & \mathbf{B} \end{pmatrix}",
    "sums over indices": r"\sum_{j=1}^{J} \sum_{i=1}^{n_j} (y_{ij} - \bar y_{j\cdot})^2",
    "products": r"\prod_{j=1}^{J} |\mathbf{V}_j|",
    "logs, hats and bars": r"\log |\hat{\mathbf{V}}| - \bar{y}_{\cdot\cdot}",
    "chains": "\\begin{aligned} a &= b \\\\ &= c \\\\ &\\quad + d \\end{aligned}",
    "cases": r"\hat\sigma_\alpha^2 = \begin{cases} a & \text{if } a > 0 \\ 0 & \text{otherwise} \end{cases}",
    "moments": r"\operatorname{E}[\mathbf{Y}] + \operatorname{Var}(\mathbf{Y}) + \operatorname{Cov}(\mathbf{Y}, Y_*)",
    "normal": r"\mathbf{Y} \sim \mathrm{N}(\mathbf{X}\boldsymbol{\beta}, \mathbf{V})",
    "matrix normal": r"\mathbf{Y} \sim \mathrm{MN}(\mathbf{M}, \mathbf{U}, \mathbf{V})",
    "gamma": r"\operatorname{SSE} \sim \operatorname{Gamma}\left(\frac{n - J}{2}, \frac{1}{2\sigma^2}\right)",
    "chi-square": r"\operatorname{SSE}/\sigma^2 \sim \chi^2_{n-J}",
    "scaled chi-square": r"\operatorname{SSE} \sim \sigma^2 \chi^2_{n - J}",
    "proportional": r"p(\boldsymbol{\beta} \mid \mathbf{y}) \propto \exp\left(-\tfrac12 \boldsymbol\beta^\top\mathbf{A}\boldsymbol\beta\right)",
    "derivatives": r"\frac{\partial}{\partial \sigma^2} \log|\mathbf{V}| = \frac{\partial \log|\mathbf{V}|}{\partial \sigma^2}",
    "optima": r"\hat{\boldsymbol\beta} = \arg\min_{\mathbf{b}} \lVert \mathbf{y} - \mathbf{X}\mathbf{b} \rVert^2",
    "limits": r"\lim_{\kappa \to 0} \mathbf{A} = \mathbf{B}, \lim_{t \downarrow 0} a = \lim_{t \to 0^+} a",
    "inequalities": r"\operatorname{MSE} < \operatorname{SSA}/J \le a \ne b",
    "vec, diag, rank, column space": r"\operatorname{vec}(\mathbf{A}) \operatorname{rank}(\operatorname{diag}(a, b)) \subseteq C(\mathbf{X})",
    "given, perp, iid": r"\boldsymbol\alpha_j \perp \boldsymbol\epsilon_j, \epsilon_{ij} \stackrel{iid}{\sim} \mathrm{N}(0, \sigma^2)",
    "indexed matrices": r"\mathbf{P}_{\mathbf{Z}} \mathbf{1}_n \mathbf{I}_{Jr} \mathbf{0}_{p \times q} \mathbf{P}_{\mathbf{1}_n}",
}
