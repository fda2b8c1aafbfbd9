"""Whether something random has a law: normal by its moments and linearity, chi-square by idempotency and rank."""

from fractions import Fraction
from typing import Any

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.chance import Rand, as_rand
from lmmtext.verify.errors import Undecided
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.matrix import Mat
from lmmtext.verify.moments import cov, mean
from lmmtext.verify.scope import Env, Scope


def has_law(left: t.Node, law: k.Law, relation: str, scope: Scope, env: Env) -> bool:
    """Return whether the left side has this law; for iid and ind, the index of the left side stands for all."""
    if not scope.instance.world.normal:
        raise Undecided("a law, where only first and second moments are assumed")
    inner = scope.inside()
    x = evaluate(left, inner, env)
    if law.name == "N":
        if len(law.args) != 2:
            raise Undecided("a normal law has a mean and a variance", *law.span)
        if any(as_rand(v).degree > 1 for row in x.rows for v in row):
            return False
        centre, spread = (evaluate(a, scope, env) for a in law.args)
        if spread.shape != (x.height, x.height):
            raise Undecided("the variance of this law has another shape", *law.span)
        means = x.map(lambda v: mean(v, inner))
        alike = means.shape == centre.shape and (means - centre).is_zero() and (cov(x, x, inner) - spread).is_zero()
        return alike and (relation == "~" or independent_copies(left, inner, env))
    if law.name in ("chi2", "Gamma"):
        return _has_gamma_law(x, law, scope, inner, env)
    raise Undecided(f"the law {law.name} is read, and not judged", *law.span)


def independent_copies(left: t.Node, inner: Scope, env: Env) -> bool:
    """Return whether the variables that an index stands for are independent of each other."""
    free = {n.name for n in t.walk(left) if isinstance(n, k.Local)}
    groups = inner.instance.sizes.get("J", 1)
    copies = []
    for j in range(1, groups + 1):
        inside = range(1, inner.instance.groups[j - 1] + 1) if "i" in free else [1]
        copies += [evaluate(left, inner, {**env, "i": Fraction(i), "j": Fraction(j)}) for i in inside]
        if "j" not in free:
            break
    first = copies[0]
    return all(cov(first, other, inner).is_zero() for other in copies[1:])


def _has_gamma_law(x: Mat, law: k.Law, scope: Scope, inner: Scope, env: Env) -> bool:
    """Judge x = z'Mz with z ~ N(0, D): it is c chi^2_k, central, exactly if (MD)^2 = c MD and MD has rank k."""
    values = [evaluate(a, scope, env).scalar for a in law.args]
    if law.name == "chi2":
        degrees, factor = values[0], values[1] if len(values) > 1 else Fraction(1)
    else:  # Gamma(shape, rate) is chi^2 with 2 shape degrees of freedom, times 1 / (2 rate)
        degrees, factor = values[0] * 2, Fraction(1, 2) / values[1]
    form = as_rand(x.scalar)
    sources, M, rest = quadratic_form(form)
    if rest:
        return False
    D = Mat.of([[inner.variances[s] if s == u else Fraction(0) for u in sources] for s in sources], len(sources))
    MD = M @ D
    return (MD @ MD - MD.times(factor)).is_zero() and Fraction(MD.rank()) == degrees


def quadratic_form(x: Rand) -> tuple[list[str], Mat, Any]:
    """Return the sources of a quadratic form, its matrix, and what is not quadratic in it."""
    sources = sorted({s for m in x.terms for s in m})
    place = {s: i for i, s in enumerate(sources)}
    M = [[Fraction(0)] * len(sources) for _ in sources]
    rest = {}
    for m, c in x.terms.items():
        if len(m) != 2:
            rest[m] = c
            continue
        i, j = place[m[0]], place[m[1]]
        if i == j:
            M[i][i] = c
        else:
            M[i][j] = M[j][i] = c * Fraction(1, 2)
    return sources, Mat.of(M, len(sources)), rest
