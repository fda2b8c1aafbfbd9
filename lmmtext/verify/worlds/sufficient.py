r"""The balanced one-way layout through its sufficient statistics: the means of the groups, and SSE.

The model is that of `one-way`, and the statistics are functions of its data: so that their laws, their independence and
the likelihood in terms of them are claims, and not assumptions of the world. What is new are the vector of the means,
\mathbf g, also written \bar{\mathbf Y}, and the one of what is left in the groups, Y - Z g.
"""

from lmmtext.verify.worlds.one_way import one_way
from lmmtext.verify.worlds.taking import take

RESIDUALS = take(
    r"\mathbf{c}",
    "c",
    "defined",
    r"\mathbf{Y} - \mathbf{Z} \mathbf{g}",
    words="deviations from the means of the groups, stacked",
    of="n",
)

SUFFICIENT = one_way(
    "sufficient",
    "the balanced one-way layout, with the means of its groups and the deviations from them, normal",
    balanced=True,
    more=(RESIDUALS,),
    spellings={r"\bar{\mathbf{Y}}": "g", r"\bar{\mathbf{y}}": "g"},
)
