"""The worlds by name."""

from lmmtext.verify.world import World
from lmmtext.verify.worlds.exchangeable import EXCHANGEABLE
from lmmtext.verify.worlds.one_way import ONE_WAY, ONE_WAY_UNBALANCED
from lmmtext.verify.worlds.slopes import RANDOM_REGRESSION, RANDOM_REGRESSION_BALANCED, RANDOM_SLOPE

WORLDS: dict[str, World] = {
    w.name: w
    for w in (ONE_WAY, ONE_WAY_UNBALANCED, RANDOM_SLOPE, RANDOM_REGRESSION, RANDOM_REGRESSION_BALANCED, EXCHANGEABLE)
}
