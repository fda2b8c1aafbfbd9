"""The Loewner order: why a difference of matrices is positive (semi-)definite, by rules that have names.

They hold in all dimensions. Some rest on an identity, such as that a matrix is idempotent, or that it is the
conditional variance of something: that is held exactly at random rational points, like every other identity here.
"""

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.definite import IDENTITY, OTHER_FORMS, Forms, Part, flattened, is_identity, joined
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.matrix import Mat


class Loewner(Forms):
    """Judges sums and differences of matrices."""

    def terms(self, node: t.Node, sign: int = 1) -> list[Part]:
        """Return a matrix as a sum of numbers times matrices."""
        if isinstance(node, t.Sum):
            return [p for x in node.terms for p in self.terms(x, sign)]
        if isinstance(node, t.Neg):
            return self.terms(node.arg, -sign)
        number, factors = self.parted(node)
        if len(factors) == 1 and isinstance(factors[0], t.Sum):  # a number times a sum
            inner: list[Part] = [(t.Product((number, c)), m) for c, m in self.terms(factors[0])]
        else:
            flat = flattened(factors)
            inner = [(number, IDENTITY if not flat or is_identity(flat) else joined(flat))]
        return [(c if sign > 0 else t.Neg(c), m) for c, m in inner]

    def collected(self, node: t.Node) -> list[Part]:
        """Return the terms with equal matrices taken together, and those that cancel left out."""
        found: dict[t.Node, list[t.Node]] = {}
        for c, m in self.terms(node):
            found.setdefault(m, []).append(c)
        parts = [(c[0] if len(c) == 1 else t.Sum(tuple(c)), m) for m, c in found.items()]
        return [(c, m) for c, m in parts if self.sign(c) != "0"]

    def difference(self, node: t.Node) -> int:
        """Judge a sum of matrices, some of which are taken away."""
        parts = self.collected(node)
        if found := self._sum(parts):
            return found
        for name in ("eigenvalues on nested projectors", "inverses of what is ordered", "what is sandwiched"):
            rule = {"e": self._nested, "i": self._inverses, "w": self._sandwiched}[name[0]]
            if found := rule(parts):
                return self.by(name, found)
        known = {n for _, m in parts for n in t.walk(m) if isinstance(n, k.Ref) and n.name in OTHER_FORMS}
        for ref in sorted(known, key=repr):
            for form in self.other_forms(ref):
                if ref.name != "Q" and (found := self._expanded(parts, ref, form)):
                    return found
        return self._by_identity(node)

    def _sum(self, parts: list[Part]) -> int:
        strict = 0
        for c, m in parts:
            scale, kind = self.sign(c), self.definite(m)
            if scale not in ("+", "0+") or not kind:
                return 0
            strict = max(strict, 2 if scale == "+" and kind == 2 else 1)
        return strict or 1

    def _expanded(self, parts: list[Part], ref: k.Ref, form: t.Node) -> int:
        if not any(m == ref for _, m in parts):
            return 0
        whole = t.Sum(tuple(t.Product((c, form if m == ref else m)) for c, m in parts))
        opened = self.collected(whole)
        return self._sum(opened) or self._nested(opened)

    def _nested(self, parts: list[Part]) -> int:
        """Judge c_0 I + c_1 P_1 + c_2 P_2 ... with nested spaces: its eigenvalues are sums of c from the left."""
        if not all(isinstance(m, k.Projector) or (isinstance(m, k.Const) and m.kind == "identity") for _, m in parts):
            return 0
        identity = [c for c, m in parts if isinstance(m, k.Const)]
        projectors = [(c, m) for c, m in parts if isinstance(m, k.Projector)]
        ranks = {m: evaluate(m, self.scopes[0], {}).rank() for _, m in projectors}
        projectors.sort(key=lambda p: -ranks[p[1]])
        for (_, larger), (_, smaller) in zip(projectors, projectors[1:], strict=False):
            if not self.identical(t.Product((larger, smaller)), smaller):
                return 0
        sums: list[t.Node] = [t.Sum(tuple(identity))] if identity else []
        so_far = list(identity)
        for c, _ in projectors:
            so_far = [*so_far, c]
            sums.append(t.Sum(tuple(so_far)))
        signs = [self.sign(s) for s in sums]
        if not all(s in ("+", "0+", "0") for s in signs):
            return 0
        return 2 if identity and all(s == "+" for s in signs) else 1

    def _inverses(self, parts: list[Part]) -> int:
        """Judge A^{-1} - B^{-1}, which is positive if B - A is, and A is positive definite."""
        if len(parts) != 2 or not any(isinstance(m, t.Inverse) for _, m in parts):
            return 0
        (a, A), (b, B) = parts if self.sign(parts[0][0]) == "+" else parts[::-1]
        if self.sign(a) != "+" or self.sign(b) != "-":
            return 0
        smaller, larger = (t.Product((t.Inverse(c), _inverse(m))) for c, m in ((a, A), (t.Neg(b), B)))
        if self.definite(smaller) != 2:
            return 0
        return self.definite(t.Sum((larger, t.Neg(smaller))))

    def _sandwiched(self, parts: list[Part]) -> int:
        """Judge A'MA - A'NA, which is positive semi-definite if M - N is."""
        factors = [flattened(self.parted(m)[1]) for _, m in parts]
        if len(parts) < 2 or any(len(f) < 2 for f in factors):
            return 0
        first, last = factors[0][0], factors[0][-1]
        if not self.turned(first, last) or any(f[0] != first or f[-1] != last for f in factors):
            return 0
        middle = [f[1:-1] for f in factors]
        inner = [joined(f) if f else IDENTITY for f in middle]
        return min(1, self.definite(t.Sum(tuple(t.Product((c, m)) for (c, _), m in zip(parts, inner, strict=True)))))

    def _by_identity(self, node: t.Node) -> int:
        """Judge a matrix by what it is equal to: an orthogonal projector, GVG, a variance given data."""
        try:
            gaps = [evaluate(node, s, {}) for s in self.scopes]
        except (FormulaError, AssertionError, AttributeError):
            return 0
        if not all(g.shape[0] == g.shape[1] and (g - g.T).is_zero() for g in gaps):
            return 0
        if all((g @ g - g).is_zero() for g in gaps):
            return self.by("an orthogonal projector (symmetric and idempotent)", 1)
        if "V" in self.world.by_name and self._reflexive(gaps):
            return self.by("GVG = G: the form A'DA again", 1)
        return self._is_variance(gaps)

    def _reflexive(self, gaps: list[Mat]) -> bool:
        for g, s in zip(gaps, self.scopes, strict=True):
            V = s("V")
            if V.shape != g.shape or not (g @ V @ g - g).is_zero():
                return False
        return True

    def _is_variance(self, gaps: list[Mat]) -> int:
        """Find random columns u and w so that the matrix is Var(u), Var(u | w) or Var(u) - Var(u | w)."""
        names = [m.name for m in self.world.meanings if m.kind == "random" and not m.is_scalar]
        names.sort(key=lambda name: name != "Y")
        inner = self.scopes[0].inside()
        fitting = []
        for name in names:
            try:
                fitting.append((name, inner(name).height))
            except (FormulaError, TypeError, ValueError, IndexError):
                continue  # a symbol with indices
        for u, height in fitting:
            if height != gaps[0].height:
                continue
            for w in (None, *(x for x, _ in fitting if x != u)):
                U, W = k.Ref(u), () if w is None else (k.Ref(w),)
                variance = t.Call("Cov", (U, U), W)
                for node in (variance, t.Sum((t.Call("Cov", (U, U)), t.Neg(variance)))):
                    if self._equals(gaps, node):
                        whole, data = (self.world.by_name[x].tex if x else "" for x in (u, w))
                        words = f"Var({whole} | {data})" if w else f"Var({whole})"
                        return self.by(f"it is {f'Var({whole}) - ' if isinstance(node, t.Sum) else ''}{words}", 1)
        return 0

    def _equals(self, gaps: list[Mat], node: t.Node) -> bool:
        try:
            for g, s in zip(gaps, self.scopes, strict=True):
                if not (evaluate(node, s, {}) - g).is_zero():
                    return False
        except (FormulaError, AssertionError):
            return False
        return True


def _inverse(node: t.Node) -> t.Node:
    if isinstance(node, t.Inverse):
        return node.arg
    return node if isinstance(node, k.Const) else t.Inverse(node)
