r"""The formulas of lecture 24 of STA721 (Merlise Clyde, Duke University), display and inline, as they stand.

Each is (slide, formula). Formulas only; what has no formula (words, single letters) is left out.
"""

LECTURE = (
    ("Random Effects Regression", r"Y_{ij} = \boldsymbol{\theta}_j^T \mathbf{x}_{ij} + \epsilon_{ij}"),
    ("Random Effects Regression", r"\epsilon_{ij} \stackrel{\text{iid}}{\sim} \mathbf{N}(0, \sigma^2)"),
    (
        "Random Effects Regression",
        r"\boldsymbol{\theta}_j \stackrel{\text{iid}}{\sim} \mathbf{N}(\boldsymbol{\beta}, \boldsymbol{\Sigma})",
    ),
    ("Linear Mixed Effects Models", r"\theta = \beta + \alpha_j"),
    ("Linear Mixed Effects Models", r"\alpha_j \stackrel{iid}{\sim} \mathbf{N}(\mathbf{0}, \Sigma)"),
    (
        "Linear Mixed Effects Models",
        r"Y_{ij} = \beta^T \mathbf{x}_{ij} + \alpha_j^T \mathbf{x}_{ij} + \epsilon_{ij}, \quad \epsilon_{ij} \stackrel{iid}{\sim} \mathbf{N}(0, \sigma^2)",
    ),
    ("Linear Mixed Effects Models", r"\alpha_j \stackrel{iid}{\sim} \mathbf{N}(\mathbf{0}_p, \Sigma)"),
    (
        "More General Model",
        r"Y_{ij} = \boldsymbol{\beta}^T \mathbf{x}_{ij} + \boldsymbol{\alpha}_j^T \mathbf{z}_{ij} + \epsilon_{ij}, \quad \epsilon_{ij} \stackrel{\text{iid}}{\sim} \mathbf{N}(0, \sigma^2)",
    ),
    (
        "More General Model",
        r"\boldsymbol{\alpha}_j \stackrel{\text{iid}}{\sim} \mathbf{N}(\mathbf{0}_q, \boldsymbol{\Sigma})",
    ),
    (
        "GLS Estimation",
        r"\mathbf{Y} \mid \boldsymbol{\beta}, \boldsymbol{\Sigma}, \sigma^2 \stackrel{\text{ind}}{\sim} \mathbf{N}(\mathbf{X}\boldsymbol{\beta}, \mathbf{Z}\boldsymbol{\Sigma}\mathbf{Z}^T + \sigma^2\mathbf{I}_n)",
    ),
    ("GLS Estimation", r"\mathbf{V} = \mathbf{Z}\boldsymbol{\Sigma}\mathbf{Z}^T + \sigma^2\mathbf{I}_n"),
    (
        "GLS Estimation",
        r"\boldsymbol{\beta} = (\mathbf{X}^T\mathbf{V}^{-1}\mathbf{X})^{-1}\mathbf{X}^T\mathbf{V}^{-1}\mathbf{Y}",
    ),
    ("One Way Anova", r"n_1 = n_2 = \dots = n_J = r"),
    ("One Way Anova", r"n = rJ"),
    ("One Way Anova", r"\mathbf{X} = \mathbf{1}_n"),
    ("One Way Anova", r"\mathbf{\Sigma} = \sigma_\alpha^2 \mathbf{I}_J"),
    ("One Way Anova", r"n \times J"),
    (
        "One Way Anova",
        r"\mathbf{Z} = \begin{pmatrix} \mathbf{1}_r & \mathbf{0} & \dots & \mathbf{0} \\ \mathbf{0} & \mathbf{1}_r & \dots & \mathbf{0} \\ \vdots & \vdots & \ddots & \vdots \\ \mathbf{0} & \mathbf{0} & \dots & \mathbf{1}_r \end{pmatrix}",
    ),
    (
        "One Way Anova",
        r"\mathbf{V} = \sigma^2 \mathbf{I}_n + \mathbf{Z}\mathbf{\Sigma}\mathbf{Z}^T = \sigma^2 \mathbf{I}_n + \sigma_\alpha^2 \mathbf{Z}\mathbf{Z}^T = \sigma^2 \mathbf{I}_n + \sigma_\alpha^2 r \mathbf{P}_Z",
    ),
    ("MLEs for One-Way", r"\mathbf{Y} = \mathbf{1}_n\beta + \boldsymbol{\epsilon}"),
    ("MLEs for One-Way", r"\boldsymbol{\epsilon} \sim \mathbf{N}(\mathbf{0}, \mathbf{V})"),
    ("MLEs for One-Way", r"C(\mathbf{V}\mathbf{X}) \subset C(\mathbf{X})"),
    ("MLEs for One-Way", r"\hat{\beta} = \bar{y}_{..} = \sum_{j=1}^J \sum_{i=1}^r y_{ij}/n"),
    ("MLEs for One-Way", r"\sigma^2\mathbf{I}_r + \sigma_\alpha^2 r\mathbf{P}_{\mathbf{1}_r}"),
    ("MLEs for One-Way", r"\sigma^{2n} (1 + r\sigma_\alpha^2/\sigma^2)^J"),
    (
        "MLEs for One-Way",
        r"\mathbf{V}^{-1} = \frac{1}{\sigma^2} \left( \mathbf{I}_n - \frac{r\sigma_\alpha^2}{\sigma^2 + r\sigma_\alpha^2} \mathbf{P}_Z \right)",
    ),
    (
        "Log likelihood",
        r"""\begin{aligned}
 \log L(\sigma^2, \sigma_\alpha^2) &= -\frac{1}{2} \log |V| - \frac{1}{2} (\mathbf{Y} - \mathbf{1}_n \bar{y})^T \mathbf{V}^{-1} (\mathbf{Y} - \mathbf{1}_n \bar{y}) \\
 &= -\frac{1}{2} \log |V| - \frac{1}{2} \mathbf{Y}^T (\mathbf{I} - \mathbf{P}_{\mathbf{1}_n}) \mathbf{V}^{-1} (\mathbf{I} - \mathbf{P}_{\mathbf{1}_n}) \mathbf{Y} \\
 &= -\frac{J(r-1)}{2} \log \sigma^2 - \frac{J}{2} \log(\sigma^2 + r\sigma_\alpha^2) \\
 &\quad - \frac{1}{2\sigma^2} \left( \mathbf{Y}^T (\mathbf{I} - \mathbf{P}_{\mathbf{1}_n}) \left( \mathbf{I}_n - \frac{r\sigma_\alpha^2}{\sigma^2 + r\sigma_\alpha^2} \mathbf{P}_Z \right) (\mathbf{I} - \mathbf{P}_{\mathbf{1}_n}) \mathbf{Y} \right) \\
 &= -\frac{J(r-1)}{2} \log \sigma^2 - \frac{J}{2} \log(\sigma^2 + r\sigma_\alpha^2) \\
 &\quad - \frac{1}{2\sigma^2} \left( \mathbf{Y}^T (\mathbf{I} - \mathbf{P}_{\mathbf{1}_n}) \left( \frac{\sigma^2 \mathbf{I}_n + r\sigma_\alpha^2 (\mathbf{I}_n - \mathbf{P}_Z)}{\sigma^2 + r\sigma_\alpha^2} \right) (\mathbf{I} - \mathbf{P}_{\mathbf{1}_n}) \mathbf{Y} \right)
 \end{aligned}""",
    ),
    ("MLEs", r"(\mathbf{I}_n - \mathbf{P}_{\mathbf{1}_n})(\mathbf{I}_n - \mathbf{P}_{\mathbf{Z}})"),
    ("MLEs", r"\text{SSE} = \mathbf{Y}^T(\mathbf{I} - \mathbf{P}_{\mathbf{Z}})\mathbf{Y}"),
    ("MLEs", r"\text{SST} = \mathbf{Y}^T(\mathbf{P}_{\mathbf{Z}} - \mathbf{P}_{\mathbf{1}_n})\mathbf{Y}"),
    ("MLEs", r"\hat{\sigma}^2 = \text{MSE} = \text{SSE}/(n - J)"),
    ("MLEs", r"\hat{\sigma}_{\alpha}^2 = \frac{\frac{\text{SST}}{J} - \text{MSE}}{n}"),
    ("MLEs", r"\text{MSE} < \text{SST}/J"),
    ("MLEs", r"\hat{\sigma}_{\alpha}^2 = 0"),
    ("Best Linear Prediction", r"\mathbf{E}[Y^*] = \mathbf{X}\boldsymbol{\beta}"),
    ("Best Linear Prediction", r"\mathbf{x}^T \hat{\boldsymbol{\beta}}"),
    (
        "Best Linear Prediction",
        r"\begin{aligned} \mathbf{E}[\mathbf{Y}] &= \mathbf{X}\boldsymbol{\beta} & \mathbf{E}[Y^*] &= \mathbf{x}^T \boldsymbol{\beta} \\ \text{Var}[\mathbf{Y}] &= \mathbf{V} & \text{Cov}[\mathbf{Y}, Y^*] &= \boldsymbol{\psi} \end{aligned}",
    ),
    (
        "Best Linear Prediction",
        r"\mathbf{E}[Y^* \mid \mathbf{Y}] = \mathbf{x}^T \hat{\boldsymbol{\beta}} + \delta(\mathbf{Y} - \mathbf{X}\hat{\boldsymbol{\beta}})",
    ),
    ("Best Linear Prediction", r"\delta = \mathbf{V}^{-1}\boldsymbol{\psi}"),
    (
        "Mixed Model Equations via Bayes Rule",
        r"\begin{aligned}\mathbf{Y} &\sim \mathbf{N}(\mathbf{W}\boldsymbol{\theta}, \sigma^2\mathbf{I}_n) \\ \mathbf{W} &= [\mathbf{X}, \mathbf{Z}] \\ \boldsymbol{\theta} &= [\boldsymbol{\beta}^T, \boldsymbol{\alpha}^T]\end{aligned}",
    ),
    ("Mixed Model Equations via Bayes Rule", r"\boldsymbol{\theta} \sim \mathbf{N}(\mathbf{0}, \Omega)"),
    (
        "Mixed Model Equations via Bayes Rule",
        r"\Omega = \begin{pmatrix} \mathbf{I}_p/\kappa & \mathbf{0} \\ \mathbf{0} & \boldsymbol{\Sigma} \end{pmatrix}",
    ),
    (
        "Mixed Model Equations via Bayes Rule",
        r"\hat{\boldsymbol{\theta}} = \begin{pmatrix} \hat{\boldsymbol{\beta}} \\ \hat{\boldsymbol{\alpha}} \end{pmatrix} = \begin{pmatrix} \mathbf{X}^T\mathbf{X}/\sigma^2 + \kappa\mathbf{I}_p & \mathbf{X}^T\mathbf{Z}/\sigma^2 \\ \mathbf{Z}^T\mathbf{X}/\sigma^2 & \mathbf{Z}^T\mathbf{Z} + \boldsymbol{\Sigma}^{-1} \end{pmatrix}^{-1} \begin{pmatrix} \mathbf{X}^T\mathbf{Y}/\sigma^2 \\ \mathbf{Z}^T\mathbf{Y}/\sigma^2 \end{pmatrix}",
    ),
    ("BLUEs and BLUPs via Bayes Rule", r"\kappa \rightarrow 0"),
    ("BLUEs and BLUPs via Bayes Rule", r"\Sigma \rightarrow \mathbf{0}"),
    (
        "BLUEs and BLUPs via Bayes Rule",
        r"\hat{\theta} = \begin{pmatrix} \hat{\beta} \\ \hat{\alpha} \end{pmatrix} = \begin{pmatrix} \mathbf{X}^T \mathbf{X} / \sigma^2 & \mathbf{X}^T \mathbf{Z} / \sigma^2 \\ \mathbf{Z}^T \mathbf{X} / \sigma^2 & \mathbf{Z}^T \mathbf{Z} + \Sigma^{-1} \end{pmatrix}^{-1} \begin{pmatrix} \mathbf{X}^T \mathbf{Y} / \sigma^2 \\ \mathbf{Z}^T \mathbf{Y} / \sigma^2 \end{pmatrix}",
    ),
    ("BLUEs and BLUPs via Bayes Rule", r"n \times n"),
    ("BLUEs and BLUPs via Bayes Rule", r"p + q"),
)
