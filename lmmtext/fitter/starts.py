"""Where the search starts: from moments of the data, from a grid, from a part of the groups, or from far away."""

import numpy as np

from lmmtext.arrays import Array
from lmmtext.fitter.factor import objective
from lmmtext.fitter.search import Search, newton

MANY = 4096  # different groups from which a first look is taken at a part of them
PART = 512  # how many are looked at then
GRID = np.append(0.0, 10.0 ** np.arange(-2, 2.25, 0.25))  # where the basins of a single theta are looked for


def first_starts(search: Search) -> list[Array]:
    """The starts that every search makes; with one theta, one in each basin of a grid."""
    if len(search.stats.blocks) == 1 and len(search.groups.R) > MANY:
        return [_of_a_part(search)]
    if search.structure.ntheta == 1:
        return _basins(search)
    starts: list[Array] = [from_moments(search)]
    if search.is_cheap and search.structure.ntheta > len(search.structure.terms):
        starts.append(search.structure.on_diagonal.astype(float))
    return starts


def further_starts(search: Search) -> list[Array]:
    """More starts, for a minimum with lost ranks: the identity in sizes; for correlated terms a grid and drawn ones."""
    structure = search.structure
    out: list[Array] = [size * structure.on_diagonal for size in (1.0, 0.15, 6.0, 50.0)]
    if structure.ntheta > len(structure.terms):
        rng = np.random.default_rng(0)  # always the same six
        out.append(_sizes(search))
        out += [rng.standard_normal(structure.ntheta) * np.exp(rng.standard_normal()) for _ in range(6)]
    return out


def from_moments(search: Search) -> Array:
    """A diagonal start: for each coefficient the variance ratio v / w that sums of squares of the data suggest.

    With v the variance of the effects and w that of the errors, and the effects taken for independent:
    E W_ry,l^2 = W_ll w + (W W)_ll v for the later factors, within the groups of the first; E W_yy = df w + sum W_ll v;
    and E t_jk^2 = w + R_jkk^2 v for the first.
    """
    stats, groups = search.stats, search.groups
    inner = stats.W_rr.diagonal()
    least = 1e-6 * stats.n / max(1, len(inner))
    used = inner > least  # an outer factor does not vary within the groups of an inner one
    divisor = np.where(used, inner, 1.0)
    found = np.where(used, stats.W_rD[:, -1] ** 2 / divisor, 0.0)
    slope = np.where(used, np.asarray((stats.W_rr * stats.W_rr).sum(axis=1)) / divisor, 0.0)
    parts = []  # for each coefficient of the later factors: sum found, number, sum slope, sum W_ll
    for block, at in stats.rest:
        parts += [[a[at][k :: block.q].sum() for a in (found, used, slope, inner * used)] for k in range(block.q)]
    S, number, b, c = np.array(parts).reshape(-1, 4).T
    b = np.where(b > 0, b, np.inf)
    df = max(1, stats.n - np.count_nonzero(stats.R.diagonal(axis1=1, axis2=2)) - stats.p)
    total = stats.W_DD[-1, -1]
    w = (total - (c * S / b).sum()) / max(1.0, df - (c * number / b).sum())
    w = max(w, 0.05 * total / df, 1e-12)
    t, R = groups.t[:, :, -1], groups.R.diagonal(axis1=1, axis2=2)
    first = _ratio((t**2).sum(axis=0) / w - groups.counts @ (R > 0), groups.counts @ R**2, groups.counts.sum())
    later = np.where(
        np.isfinite(b), np.sqrt(np.maximum((S / w - number) / b, 0.1 * number / np.maximum(c, 1e-12))), first.mean()
    )
    theta, ratios, end = np.zeros(search.structure.ntheta), np.concatenate([first, later]), 0
    for block, (which, flat) in zip(stats.blocks, stats.entries, strict=True):
        ratio, end = ratios[end : end + block.q], end + block.q
        theta[which] = np.where(flat % (block.q + 1) == 0, ratio[flat // block.q], 0.0)
    return theta


def _ratio(excess: Array, lengths: Array, J: float) -> Array:
    """Roots of variance ratios, away from zero: at least what would add a tenth to the variance of a group's mean."""
    seen = lengths > 0
    lengths = np.where(seen, lengths, 1.0)
    ratio = np.sqrt(np.maximum(excess, 0) / lengths).clip(np.sqrt(0.1 * J / lengths), 1e6)
    return np.where(seen, ratio, 1.0)


def _of_a_part(search: Search) -> Array:
    """The minimum for one in so many groups, from the best of the starts that they would have."""
    part = Search(search.stats, search.criterion, search.groups.thinned(len(search.groups.R) // PART))
    start = min(first_starts(part), key=part.value)
    end, _, _ = newton(part, part.at(start))
    search.evaluations += part.evaluations
    return np.asarray(end.theta)


def _sizes(search: Search) -> Array:
    """A start for several thetas: each term a multiple of the identity, the best of a coarse grid, term by term."""
    structure = search.structure
    sizes = np.ones(len(structure.terms))

    def theta(sizes: Array) -> Array:
        return structure.theta([size * np.eye(t.q) for size, t in zip(sizes, structure.terms, strict=True)])

    for _ in range(2):
        before = sizes.copy()
        for t in range(len(sizes)):
            tried = [np.where(np.arange(len(sizes)) == t, size, sizes) for size in 10.0 ** np.arange(-1, 5)]
            sizes = min(tried, key=lambda s: search.value(theta(s)))
        if (sizes == before).all() or len(sizes) == 1:
            break
    return theta(sizes)


def _basins(search: Search) -> list[Array]:
    """Starts for a single theta: the points of a grid, zero among them, that are lower than their neighbours."""
    around = np.concatenate([[np.inf], _along_one(search, GRID), [np.inf]])
    lowest = np.flatnonzero((around[1:-1] <= around[:-2]) & (around[1:-1] <= around[2:]))
    return [GRID[[k]] for k in lowest]


def _along_one(search: Search, grid: Array) -> Array:
    """The criterion of a single scalar term at all points of a grid at once."""
    groups, stats = search.groups, search.stats
    size = 1 + (groups.R[:, 0, 0] * grid[:, None]) ** 2  # (K, u)
    t = groups.t[:, 0]
    products = (t[:, :, None] * t[:, None, :]).reshape(len(t), -1)
    weights = 1 / (size if groups.of is None else size[:, groups.of])
    DD = groups.W_DD + (weights @ products).reshape(len(grid), *groups.W_DD.shape)
    try:
        diagonals = np.diagonal(np.linalg.cholesky(DD), axis1=1, axis2=2)
    except np.linalg.LinAlgError:  # at one of them: each by itself, then
        return np.array([search.value(np.array([theta])) for theta in grid])
    search.evaluations += len(grid)
    logdets = np.log(size) @ groups.counts
    return np.array([objective(stats, groups.n, search.reml, *pair) for pair in zip(logdets, diagonals, strict=True)])
