"""What elaboration adds to the tree: symbols that are known, constants that have a size."""

from dataclasses import dataclass

from lmmtext.verify.dims import Size
from lmmtext.verify.tree import Node


@dataclass(frozen=True, eq=False)
class Ref(Node):
    """A symbol of the world, by its name there, with its indices."""

    name: str
    indices: tuple[Node, ...] = ()


@dataclass(frozen=True, eq=False)
class Local(Node):
    """A symbol that the formula itself binds: the variable of a sum, limit, derivative or optimum."""

    name: str


@dataclass(frozen=True, eq=False)
class Const(Node):
    """`identity`, `zeros` or `ones`, of a size."""

    kind: str
    rows: Size
    cols: Size


@dataclass(frozen=True, eq=False)
class SizeOf(Node):
    """A dimension as a number: n, J, n_j."""

    name: str
    indices: tuple[Node, ...] = ()


@dataclass(frozen=True, eq=False)
class Projector(Node):
    """P_A, the orthogonal projector onto the column space of A."""

    arg: Node


@dataclass(frozen=True, eq=False)
class Det(Node):
    """A determinant."""

    arg: Node


@dataclass(frozen=True, eq=False)
class Root(Node):
    """A square root of a variance: sigma, where sigma^2 is the symbol."""

    arg: Node


@dataclass(frozen=True, eq=False)
class RepeatedDiagonal(Node):
    """A block diagonal matrix of `times` equal blocks, written with dots."""

    block: Node
    times: Size


@dataclass(frozen=True, eq=False)
class Over(Node):
    """A `sum`, `prod`, `direct` sum or `kron` (Kronecker) product over an index from lower to upper."""

    kind: str
    index: str
    lower: Node
    upper: Node
    body: Node


@dataclass(frozen=True, eq=False)
class Partial(Node):
    """The derivative in the variables (each a Ref or Local, perhaps transposed), laid out as the shapes say."""

    body: Node
    variables: tuple[Node, ...]
    layout: str  # `number`, `gradient`, `jacobian`, `hessian`, `matrix`


@dataclass(frozen=True, eq=False)
class Optimize(Node):
    """`argmax`, `argmin`, `max` or `min` of the body over variables."""

    kind: str
    variables: tuple[Node, ...]
    body: Node
    sizes: tuple[tuple[Size, Size], ...] = ()


@dataclass(frozen=True, eq=False)
class LimitAt(Node):
    """The limit of the body as a variable goes to a number or to infinity, from one `side` perhaps."""

    variable: Node
    target: Node | None  # None is infinity
    side: str
    body: Node


@dataclass(frozen=True, eq=False)
class Space(Node):
    """The column space of a matrix."""

    arg: Node


@dataclass(frozen=True, eq=False)
class Reals(Node):
    """All matrices of real numbers of a size: the right side of `beta in R^p`."""

    rows: Size
    cols: Size


@dataclass(frozen=True, eq=False)
class Diagonal(Node):
    """The diagonal of a square matrix: as a column, or as a diagonal matrix, whichever `cols` says."""

    arg: Node
    cols: Size


@dataclass(frozen=True, eq=False)
class Law(Node):
    """A probability law with its parameters."""

    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Likelihood(Node):
    """The likelihood of the data, or its logarithm; beta is profiled out unless it is among the arguments."""

    log: bool
    args: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Density(Node):
    """The density of random columns where they are what they have turned out to be, given others."""

    args: tuple[Node, ...]
    given: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Integral(Node):
    """The integral of the body over all values of a symbol, a column or a number."""

    body: Node
    variable: Node
    size: tuple[Size, Size]
