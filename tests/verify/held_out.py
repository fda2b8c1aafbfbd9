"""Formulas of the subject's textbooks in the spellings usual there, written down before the grammar was.

Formulas only, from general knowledge of what these books write; no sentence of any of them is here. They are for
reading (every one must parse), not all are claims of a world.
"""

SEARLE = (
    r"E(y) = X\beta, \quad \text{var}(y) = V",
    r"y = X\beta + Zu + e",
    r"V = ZDZ' + R",
    r"V = \sum_{i=0}^{r} Z_i Z_i' \sigma_i^2",
    r"X'V^{-1}X\beta^o = X'V^{-1}y",
    r"P = V^{-1} - V^{-1}X(X'V^{-1}X)^{-}X'V^{-1}",
    r"\text{BLUP}(u) = DZ'V^{-1}(y - X\beta^o)",
    r"\begin{bmatrix} X'R^{-1}X & X'R^{-1}Z \\ Z'R^{-1}X & Z'R^{-1}Z + D^{-1} \end{bmatrix}"
    r" \begin{bmatrix} \tilde{\beta} \\ \tilde{u} \end{bmatrix} ="
    r" \begin{bmatrix} X'R^{-1}y \\ Z'R^{-1}y \end{bmatrix}",
    r"E(y'Ay) = tr(AV) + \mu'A\mu",
    r"\operatorname{var}(y'Ay) = 2\,\mathrm{tr}[(AV)^2] + 4\mu'AVA\mu",
    r"(D + CAB)^{-1} = D^{-1} - D^{-1}C(A^{-1} + BD^{-1}C)^{-1}BD^{-1}",
    r"(aI_n + bJ_n)^{-1} = \frac{1}{a}\left(I_n - \frac{b}{a + nb} J_n\right)",
    r"|aI_n + bJ_n| = a^{n-1}(a + nb)",
    r"\bar{y}_{i\cdot} = \sum_{j=1}^{n_i} y_{ij}/n_i",
    r"\text{SSA} = \sum_i n_i (\bar{y}_{i.} - \bar{y}_{..})^2",
    r"\hat{\sigma}^2_\alpha = (\text{MSA} - \text{MSE})/n",
    r"\frac{\partial V}{\partial \sigma_i^2} = Z_i Z_i'",
    r"tr(PZ_iZ_i') = y'PZ_iZ_i'Py",
    r"l = -\tfrac{1}{2} N \log 2\pi - \tfrac{1}{2} \log |V| - \tfrac{1}{2} (y - X\beta)' V^{-1} (y - X\beta)",
    r"V = \{_d \; \sigma_\alpha^2 J_{n_i} + \sigma_e^2 I_{n_i} \}",
)

CHRISTENSEN = (
    r"\mathrm{E}(Y) = X\beta, \qquad \mathrm{Cov}(Y) = \sigma^2 I",
    r"M = X(X'X)^{-}X'",
    r"C(X) = C(M)",
    r"C(VX) \subset C(X)",
    r"r(M) = \mathrm{tr}(M)",
    r"Y'(I - M)Y / (n - r(X))",
    r"\mathrm{E}(Y'AY) = \mathrm{tr}(AV) + \mu'A\mu",
    r"\frac{Y'MY/r(M)}{Y'(I-M)Y/r(I-M)} \sim F(r(M), r(I-M), \gamma)",
    r"\hat{E}(y|x) = \mu_y + (x - \mu_x)'V_{xx}^{-1}V_{xy}",
    r"A = X(X'V^{-1}X)^{-}X'V^{-1}",
    r"\frac{Y'AY}{\sigma^2} \sim \chi^2(r(A), \mu'A\mu/2\sigma^2)",
    r"AVB = 0",
    r"\| Y - X\hat{\beta} \|^2 = Y'(I - M)Y",
)

MCCULLOCH = (
    r"\text{E}[y] = \text{E}[\text{E}[y \mid u]]",
    r"\operatorname{var}(y) = \operatorname{var}(\operatorname{E}[y|u]) + \operatorname{E}[\operatorname{var}(y|u)]",
    r"\operatorname{cov}(y_{ij}, y_{ij'}) = \sigma_a^2",
    r"y_{ij} \mid a_i \sim \text{indep. } \mathcal{N}(\mu + a_i, \sigma^2)",
    r"a_i \sim \text{i.i.d. } \mathcal{N}(0, \sigma_a^2)",
    r"\dot{\sigma}_a^2 = \frac{1}{n}\left(\frac{\text{SSA}}{m} - \dot{\sigma}^2\right)",
    r"\hat{\sigma}_a^2 = \max\left\{0, \dot{\sigma}_a^2\right\}",
    r"\hat{\sigma}^2 = \begin{cases} \text{MSE} & \text{if } \text{MSE} < \text{SSA}/m \\"
    r" \text{SST}/(mn) & \text{otherwise} \end{cases}",
    r"f_y(y) = \int \prod_i f_{y_i|u}(y_i | u) f_u(u) \, du",
    r"\tilde{u} = DZ'V^{-1}(y - X\hat\beta)",
)

RASMUSSEN_WILLIAMS = (
    r"f(\mathbf{x}) \sim \mathcal{GP}(m(\mathbf{x}), k(\mathbf{x}, \mathbf{x}'))",
    r"\bar{\mathbf{f}}_* = K(X_*, X)[K(X, X) + \sigma_n^2 I]^{-1}\mathbf{y}",
    r"\operatorname{cov}(\mathbf{f}_*) = K(X_*, X_*) - K(X_*, X)[K(X, X) + \sigma_n^2 I]^{-1} K(X, X_*)",
    r"\bar{f}_* = \mathbf{k}_*^\top (K + \sigma_n^2 I)^{-1} \mathbf{y}",
    r"\mathbb{V}[f_*] = k(\mathbf{x}_*, \mathbf{x}_*) - \mathbf{k}_*^\top (K + \sigma_n^2 I)^{-1} \mathbf{k}_*",
    r"\log p(\mathbf{y} | X) = -\frac{1}{2} \mathbf{y}^\top (K + \sigma_n^2 I)^{-1} \mathbf{y}"
    r" - \frac{1}{2} \log |K + \sigma_n^2 I| - \frac{n}{2} \log 2\pi",
    r"\frac{\partial}{\partial \theta_j} \log p(\mathbf{y} | X, \boldsymbol{\theta}) = \frac{1}{2}"
    r" \operatorname{tr}\left( (\boldsymbol{\alpha}\boldsymbol{\alpha}^\top - K^{-1})"
    r" \frac{\partial K}{\partial \theta_j} \right)",
    r"k(\mathbf{x}_p, \mathbf{x}_q) = \exp\left( -\tfrac{1}{2} |\mathbf{x}_p - \mathbf{x}_q|^2 \right)",
    r"\mathbf{w} | X, \mathbf{y} \sim \mathcal{N}(\bar{\mathbf{w}} = \tfrac{1}{\sigma_n^2} A^{-1} X \mathbf{y}, A^{-1})",
    r"A = \sigma_n^{-2} X X^\top + \Sigma_p^{-1}",
    r"\mathbf{x} | \mathbf{y} \sim \mathcal{N}(\boldsymbol{\mu}_x + CB^{-1}(\mathbf{y} - \boldsymbol{\mu}_y), A - CB^{-1}C^\top)",
)

MATRIX_COOKBOOK = (
    r"(\mathbf{A} + \mathbf{C}\mathbf{B}\mathbf{C}^T)^{-1} = \mathbf{A}^{-1} - \mathbf{A}^{-1}\mathbf{C}"
    r"(\mathbf{B}^{-1} + \mathbf{C}^T\mathbf{A}^{-1}\mathbf{C})^{-1}\mathbf{C}^T\mathbf{A}^{-1}",
    r"\det(\mathbf{I} + \mathbf{u}\mathbf{v}^T) = 1 + \mathbf{u}^T\mathbf{v}",
    r"\partial(\ln(\det(\mathbf{X}))) = \mathrm{Tr}(\mathbf{X}^{-1}\partial\mathbf{X})",
    r"\frac{\partial \mathbf{x}^T\mathbf{a}}{\partial \mathbf{x}} = \frac{\partial \mathbf{a}^T\mathbf{x}}{\partial \mathbf{x}} = \mathbf{a}",
    r"\frac{\partial \ln|\det(\mathbf{X})|}{\partial \mathbf{X}} = (\mathbf{X}^{-1})^T = (\mathbf{X}^T)^{-1}",
    r"\frac{\partial}{\partial \mathbf{s}} (\mathbf{x} - \mathbf{A}\mathbf{s})^T \mathbf{W} (\mathbf{x} - \mathbf{A}\mathbf{s})"
    r" = -2\mathbf{A}^T\mathbf{W}(\mathbf{x} - \mathbf{A}\mathbf{s})",
    r"\mathrm{Var}[\mathbf{x}^T\mathbf{A}\mathbf{x}] = 2\,\mathrm{Tr}(\mathbf{A}\boldsymbol{\Sigma}\mathbf{A}\boldsymbol{\Sigma})"
    r" + 4\mathbf{m}^T\mathbf{A}\boldsymbol{\Sigma}\mathbf{A}\mathbf{m}",
    r"(\mathbf{A} \otimes \mathbf{B})(\mathbf{C} \otimes \mathbf{D}) = \mathbf{AC} \otimes \mathbf{BD}",
    r"\mathrm{vec}(\mathbf{A}\mathbf{X}\mathbf{B}) = (\mathbf{B}^T \otimes \mathbf{A})\,\mathrm{vec}(\mathbf{X})",
    r"\mathrm{Tr}(\mathbf{A}^T\mathbf{B}) = \mathrm{vec}(\mathbf{A})^T \mathrm{vec}(\mathbf{B})",
    r"\text{eig}(\mathbf{A} \otimes \mathbf{B}) = \text{eig}(\mathbf{A})\,\text{eig}(\mathbf{B})",
    r"\det\left(\begin{bmatrix} \mathbf{A}_{11} & \mathbf{A}_{12} \\ \mathbf{A}_{21} & \mathbf{A}_{22} \end{bmatrix}\right)"
    r" = \det(\mathbf{A}_{22}) \cdot \det(\mathbf{A}_{11} - \mathbf{A}_{12}\mathbf{A}_{22}^{-1}\mathbf{A}_{21})",
    r"p(\mathbf{x}) = \frac{1}{\sqrt{\det(2\pi\boldsymbol{\Sigma})}} \exp\left[-\frac{1}{2}(\mathbf{x} - \mathbf{m})^T"
    r"\boldsymbol{\Sigma}^{-1}(\mathbf{x} - \mathbf{m})\right]",
    r"\mathbf{A}\mathbf{A}^{+}\mathbf{A} = \mathbf{A}",
    r"||\mathbf{A}||_{\mathrm{F}} = \sqrt{\mathrm{Tr}(\mathbf{A}\mathbf{A}^H)}",
)

HELD_OUT = SEARLE + CHRISTENSEN + MCCULLOCH + RASMUSSEN_WILLIAMS + MATRIX_COOKBOOK
