"""Rewrites of products in an algebra whose members commute: the projections of a balanced layout."""

from fractions import Fraction

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.algebra import swapped
from lmmtext.verify.rewrites_means import Means


def _is_identity(node: t.Node) -> bool:
    return isinstance(node, k.Const) and node.kind == "identity"


class Commuting(Means):
    """Puts what commutes in order, and drops what a projection and its complement make zero."""

    def runs(self, matrices: list[t.Node]) -> list[t.Node]:
        """Put neighbours that commute in order: the algebra of projections of a balanced layout."""
        if not self.world.commuting:
            return matrices
        out: list[t.Node] = []
        run: list[t.Node] = []
        for m in [*matrices, None]:
            if m is not None and self.in_algebra(m):
                run.append(m)
                continue
            if sorted(run, key=repr) != run:
                self.used.add(self.world.commutes_because)
            out += self.once(sorted(self.without_killed(run), key=repr))
            run = []
            if m is not None:
                out.append(m)
        return out

    def without_killed(self, run: list[t.Node]) -> list[t.Node]:
        """Return factors that commute, without the P that I - P beside them makes zero: P (I - P) = 0."""
        for at, m in enumerate(run):
            if not (isinstance(m, t.Sum) and self.idempotent(m)):
                continue
            P = next(x.arg for x in m.terms if isinstance(x, t.Neg))
            assert isinstance(P, k.Projector)
            others = [x if i == at else self.of(swapped(x, P, t.Number(Fraction(0))), {}) for i, x in enumerate(run)]
            if others != run:
                self.used.add("a projection and its complement have no product")
                return [x for x in others if not _is_identity(x)]
        return run

    def in_algebra(self, m: t.Node) -> bool:
        """Return whether a matrix is built from I, V, P_Z and P_1 alone."""
        if isinstance(m, k.Const):
            return m.kind == "identity"
        if isinstance(m, k.Ref):
            return m.name in self.world.commuting
        if isinstance(m, k.Projector):
            inner = m.arg
            ones = isinstance(inner, k.Const) and inner.kind == "ones"
            if ones:
                return "P_1" in self.world.commuting
            return isinstance(inner, k.Ref) and f"P_{inner.name}" in self.world.commuting
        if isinstance(m, (t.Sum, t.Neg, t.Inverse, t.Product)):
            return all(self.scalar(c, {}) or self.in_algebra(c) for c in t.children(m))
        return False
