"""Why a matrix is positive (semi-)definite by its form: A'DA, inverses, variances, projectors, and products of such."""

from abc import abstractmethod
from collections.abc import Callable
from functools import partial

from lmmtext.verify import core as k
from lmmtext.verify import tree as t
from lmmtext.verify.claims import elaborated
from lmmtext.verify.dims import Dim
from lmmtext.verify.errors import FormulaError
from lmmtext.verify.evaluate import evaluate
from lmmtext.verify.matrix import Mat
from lmmtext.verify.parser import parse
from lmmtext.verify.relations import is_definite
from lmmtext.verify.scalars import ONE, Scalars

POSITIVE_DEFINITE = ("V", "V_j", "Sigma", "G", "Omega")  # covariances that a model assumes to be of full rank
FULL_COLUMN_RANK = ("X", "X_j")
OTHER_FORMS = {
    "V": (r"\mathbf{Z}\mathbf{G}\mathbf{Z}^\top + \sigma^2\mathbf{I}",
          r"r\sigma_\alpha^2\mathbf{P}_{\mathbf{Z}} + \sigma^2\mathbf{I}"),
    "V_j": (r"\mathbf{Z}_j\boldsymbol{\Sigma}\mathbf{Z}_j^\top + \sigma^2\mathbf{I}",
            r"\mathbf{X}_j\boldsymbol{\Sigma}\mathbf{X}_j^\top + \sigma^2\mathbf{I}"),
    "S_j": (r"\mathbf{X}_j^\top\mathbf{X}_j",),
    "Q": (r"\mathbf{Q}\mathbf{V}\mathbf{Q}",),
}  # fmt: skip
IDENTITY = k.Const("identity", Dim.of("size"), Dim.of("size"))  # of the size that its neighbours have
Part = tuple[t.Node, t.Node]  # a number, and the matrix that it multiplies


class Forms(Scalars):
    """Shows what is positive definite by its form; of sums a class below it judges."""

    _busy: int = 0

    def definite(self, node: t.Node) -> int:
        """Return 2 if a matrix is positive definite, 1 if it is positive semi-definite, 0 if that is not shown."""
        if self._busy > 12:
            return 0
        self._busy += 1
        try:
            return self._definite(node)
        finally:
            self._busy -= 1

    def _definite(self, node: t.Node) -> int:
        if isinstance(node, k.Const):
            return {"identity": 2, "zeros": 1}.get(node.kind, 0)
        if isinstance(node, k.Ref):
            return self._symbol(node)
        if isinstance(node, k.Projector):
            return self.by("a projector", 1)
        if isinstance(node, t.Call) and node.name == "Cov" and node.args[0] == node.args[1]:
            return self.by("a variance matrix", 1)
        if isinstance(node, t.Call) and node.name == "E":
            return min(1, self.definite(node.args[0]))
        if isinstance(node, (t.Transpose, t.Inverse)):
            inside = self.definite(node.arg)
            return inside if isinstance(node, t.Transpose) or inside == 2 else 0
        if isinstance(node, k.RepeatedDiagonal):
            return self.definite(node.block)
        if isinstance(node, t.Tensor):
            both = min(self.definite(node.left), self.definite(node.right))
            return self.by("a Kronecker, Hadamard or direct product of such", both)
        if isinstance(node, k.Over) and node.kind == "sum":
            return self.by("a sum of such", min(1, self.definite(node.body)))
        if isinstance(node, (t.Sum, t.Neg)):
            return self.difference(node)
        if isinstance(node, (t.Product, t.Quotient, t.Power)):
            return self._product(node)
        return 0

    def by(self, name: str, found: int) -> int:
        """Return what was found, and keep the name of the rule."""
        if found:
            self.used.add(name)
        return found

    def _symbol(self, node: k.Ref) -> int:
        if node.name in POSITIVE_DEFINITE and self._holds(node, lambda A: is_definite(A, strict=True)):
            return self.by("a covariance that the model assumes to be of full rank", 2)
        told = self.world.by_name[node.name].words if node.name in self.world.by_name else ""
        for words, strict in (("positive definite", True), ("positive semidefinite", False)):
            if words in told.split(", ") and self._holds(node, partial(is_definite, strict=strict)):
                return self.by(f"what the condition takes to be {words}", 2 if strict else 1)
        for form in self.other_forms(node):
            if found := self.definite(form):
                return found
        meant = self.meant(node)
        return 0 if meant is None else self.definite(meant)

    def _holds(self, node: t.Node, what: Callable[[Mat], bool]) -> bool:
        """Return whether what the model assumes of a symbol is so at all points."""
        try:
            return all(what(evaluate(node, s, {})) for s in self.scopes)
        except FormulaError:
            return False

    def _product(self, node: t.Node) -> int:
        """Judge c A'DA: the matrices are a palindrome around something positive, or around nothing."""
        number, factors = self.parted(node)
        scale = self.sign(number)
        if scale not in ("+", "0+"):
            return 0
        factors = flattened(factors)
        if len(factors) == 1 and factors[0] != node:
            return min(self.definite(factors[0]), 2 if scale == "+" else 1)
        outer: list[t.Node] = []
        while len(factors) > 1 and self.turned(factors[0], factors[-1]):
            outer.append(factors[0])
            factors = factors[1:-1]
        if not outer:
            return 0
        inside = 2 if not factors else self.definite(joined(factors))
        whole = len(outer) == 1 and isinstance(outer[0], t.Transpose) and isinstance(outer[0].arg, k.Ref)
        full = (
            whole
            and outer[0].arg.name in FULL_COLUMN_RANK  # type: ignore[attr-defined]
            and self._holds(outer[0].arg, lambda A: A.rank() == A.width)  # type: ignore[attr-defined]
        )
        symmetric = all(self.definite(x) == 2 for x in outer)
        strict = inside == 2 and scale == "+" and (full or symmetric)
        return self.by("A'DA with D of that kind", 2 if strict else min(inside, 1))

    def turned(self, a: t.Node, b: t.Node) -> bool:
        """Return whether one factor is the transpose of another."""
        if a == t.Transpose(b) or b == t.Transpose(a):
            return True
        return a == b and self.symmetric(a)

    def symmetric(self, node: t.Node) -> bool:
        """Return whether a matrix is plainly symmetric."""
        if isinstance(node, k.Ref):
            return node.name in self.world.by_name and self.world.by_name[node.name].symmetric
        if isinstance(node, (t.Inverse, t.Power)):
            return self.symmetric(next(t.children(node)))
        return isinstance(node, (k.Projector, k.Const))

    def parted(self, node: t.Node) -> tuple[t.Node, list[t.Node]]:
        """Return the number and the matrices of a product or quotient."""
        if isinstance(node, t.Neg):
            number, factors = self.parted(node.arg)
            return t.Neg(number), factors
        if isinstance(node, t.Quotient):
            number, factors = self.parted(node.num)
            return t.Quotient(number, node.den), factors
        if isinstance(node, t.Product):
            numbers: list[t.Node] = []
            matrices: list[t.Node] = []
            for f in node.factors:
                number, inner = self.parted(f) if isinstance(f, (t.Quotient, t.Product, t.Neg)) else (ONE, [f])
                if self.is_number(f):
                    numbers.append(f)
                else:
                    numbers += [number] if number != ONE else []
                    matrices += inner
            return (t.Product(tuple(numbers)) if len(numbers) > 1 else (numbers or [ONE])[0]), matrices
        if isinstance(node, t.Power) and isinstance(node.exponent, t.Number) and 2 <= node.exponent.value <= 8:
            return ONE, [node.base] * int(node.exponent.value)
        return (node, []) if self.is_number(node) else (ONE, [node])

    @abstractmethod
    def difference(self, node: t.Node) -> int:
        """Judge a sum of matrices, some of which are taken away."""

    def other_forms(self, node: k.Ref) -> list[t.Node]:
        """Return what else a symbol is equal to, exactly at random points."""
        found = []
        for tex in OTHER_FORMS.get(node.name, ()):
            try:
                form = elaborated(parse(tex).statements[0], self.world)
            except FormulaError:
                continue
            if self.identical(node, form):
                found.append(form)
        return found

    def identical(self, a: t.Node, b: t.Node) -> bool:
        """Return whether two formulas are equal at all points."""
        try:
            values = [(evaluate(a, s, {}), evaluate(b, s, {})) for s in self.scopes]
        except (FormulaError, AssertionError):
            return False
        return all(x.shape == y.shape and (x - y).is_zero() for x, y in values)


def flattened(factors: list[t.Node]) -> list[t.Node]:
    """Return matrices with transposes pushed to the factors of products."""
    out: list[t.Node] = []
    for f in factors:
        if isinstance(f, t.Transpose) and isinstance(f.arg, t.Product):
            out += flattened([_transposed(x) for x in reversed(f.arg.factors)])
        elif isinstance(f, t.Product):
            out += flattened(list(f.factors))
        elif not (isinstance(f, k.Const) and f.kind == "identity"):
            out.append(f)
    return out or list(factors)


def joined(factors: list[t.Node]) -> t.Node:
    """Return factors as one product."""
    return factors[0] if len(factors) == 1 else t.Product(tuple(factors))


def is_identity(factors: list[t.Node]) -> bool:
    """Return whether all factors are identities."""
    return all(isinstance(f, k.Const) and f.kind == "identity" for f in factors)


def _transposed(node: t.Node) -> t.Node:
    return node.arg if isinstance(node, t.Transpose) else t.Transpose(node)
