"""The worlds by name."""

from lmmtext.verify.world import World
from lmmtext.verify.worlds.anova import ANOVA, ANOVA_NESTED
from lmmtext.verify.worlds.exchangeable import EXCHANGEABLE
from lmmtext.verify.worlds.gp import GP
from lmmtext.verify.worlds.matrices import MATRICES
from lmmtext.verify.worlds.one_way import ONE_WAY, ONE_WAY_UNBALANCED
from lmmtext.verify.worlds.slopes import RANDOM_REGRESSION, RANDOM_REGRESSION_BALANCED, RANDOM_SLOPE
from lmmtext.verify.worlds.spherical import SPHERICAL
from lmmtext.verify.worlds.stacked import BAYES, GENERAL_WORLD, PREDICTION, PREDICTION_NORMAL
from lmmtext.verify.worlds.sufficient import SUFFICIENT

WORLDS: dict[str, World] = {
    world.name: world
    for world in (
        ONE_WAY,
        ONE_WAY_UNBALANCED,
        RANDOM_SLOPE,
        RANDOM_REGRESSION,
        RANDOM_REGRESSION_BALANCED,
        EXCHANGEABLE,
        GENERAL_WORLD,
        SPHERICAL,
        PREDICTION,
        PREDICTION_NORMAL,
        BAYES,
        ANOVA,
        ANOVA_NESTED,
        GP,
        SUFFICIENT,
        MATRICES,
    )
}
