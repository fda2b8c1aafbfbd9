"""The door: a formula and a world in, a verdict in words out."""

from lmmtext.verify import clock
from lmmtext.verify import tree as t
from lmmtext.verify.claims import claims
from lmmtext.verify.declared import declared
from lmmtext.verify.errors import FormulaError, Undecided
from lmmtext.verify.inequalities import proof
from lmmtext.verify.judge import judge
from lmmtext.verify.parser import parse
from lmmtext.verify.relations import EQUAL, SPACES
from lmmtext.verify.trial import near_miss, variants
from lmmtext.verify.verdict import ORDER, Link, Verdict
from lmmtext.verify.world import World
from lmmtext.verify.worlds import WORLDS

ATTACKED = (*EQUAL, *SPACES, "~", "~iid", "~ind")  # the relations whose wrong variants are tried


def check(
    tex: str, world: str | World = "one-way", where: str | None = None, *, seconds: float = 20.0, mutants: bool = True
) -> Verdict:
    r"""Judge a formula: is it true in every instance of a model?

    Parameters
    ----------
    tex
        LaTeX in the notation of the book, as it stands between the dollar signs. Chains of relations are judged
        link by link.
    world
        The model, by its name in `WORLDS` (`lmmtext worlds` lists them), or a world of your own.
    where
        A condition under which the formula is claimed, in LaTeX too: ``\operatorname{MSE} < \operatorname{SSA}/J``.
        It may also declare symbols that the world does not have: ``\mathbf K \in \mathbb R^{n \times s}``,
        ``\mathbf A = \mathbf A^\top``, ``\mathbf A \succ 0``, ``\mathbf x \sim \mathrm N(\boldsymbol\mu, \mathbf V)``,
        ``\mathbf M = ...``. In the world ``matrices`` every symbol may be used undeclared.
    seconds
        The time allowed; when it is not enough, the verdict says so.
    mutants
        Whether wrong variants of a formula that holds are tried as well. One that also holds, for no reason that has a
        name, means that the world cannot tell right from wrong here: then the formula is not verified.

    Returns
    -------
    Verdict
        True in a boolean sense if the formula was verified.

    Raises
    ------
    ValueError
        If there is no such world. A formula that is wrong or unreadable is no exception, but a verdict.

    >>> print(check(r"\mathbf{V} = \mathbf{Z} \mathbf{Z}", "one-way"))
    does not conform: \mathbf{Z} is Jr x J, and \mathbf{Z} is Jr x J: the product does not conform (is a transpose
    missing?)
    \mathbf{V} = \mathbf{Z} \mathbf{Z}
                 ^^^^^^^^^^^^^^^^^^^^^
    """
    if isinstance(world, str) and world not in WORLDS:
        raise ValueError(f"there is no world {world!r}; there are {', '.join(WORLDS)}")
    here = WORLDS[world] if isinstance(world, str) else world
    start = clock.now()

    def verdict(
        status: str, message: str, links: tuple[Link, ...] = (), place: tuple[int, int] | None = None
    ) -> Verdict:
        return Verdict(status, message, tex, here.name, links, place, clock.now() - start)

    try:
        conditions = tuple(parse(where).statements) if where else ()
    except FormulaError as error:
        return verdict(error.verdict, f"in the condition: {error.message}")
    links: list[Link] = []
    try:
        formula = parse(tex)
        here, conditions = declared(here, list(formula.statements), conditions)
        stated, premises = _premises(formula)
        found = [c for s, p in zip(stated, premises, strict=True) for c in claims(s, here, (*conditions, *p))]
    except FormulaError as error:
        place = (error.start, min(error.end, len(tex))) if error.end > error.start else None
        return verdict(error.verdict, error.message, (), place if tex else None)
    for claim in found:
        left = seconds - (clock.now() - start)
        link = judge(claim, here, max(0.5, left / max(1, len(found) - len(links))))
        if link.status == "false":
            hint = "" if link.kind == "inequality" else near_miss(claim, here, max(0.5, min(5.0, left / 2)))
            link = Link(link.tex, link.status, link.kind, link.how, link.counterexample, hint)
        elif link.status == "verified" and link.kind != "tautology" and mutants and claim.relation in ATTACKED:
            tried = variants(claim, here, WORLDS, max(0.5, left / 2))
            blind = not tried.rejected and link.kind != "definition"
            status = "undecided" if tried.survivors or blind else "verified"
            how = link.how
            if tried.survivors:
                how += f", but so does a wrong variant: {tried.survivors[0]}"
            elif blind:
                how += ", but no wrong variant of it was rejected"
            link = Link(link.tex, status, link.kind, how, None, "", tried)
        elif (
            link.kind == "inequality"
            and link.status == "undecided"
            and (
                why := proof(
                    claim, here, found[: len(links)], links, max(0.5, min(10.0, seconds - clock.now() + start))
                )
            )
        ):
            link = Link(link.tex, "verified", link.kind, why)
        links.append(link)
    worst = min(links, key=lambda x: ORDER.index(x.status))
    return verdict(worst.status, _message(worst, links), tuple(links))


def _premises(formula: t.Formula) -> tuple[list[t.Node], list[tuple[t.Node, ...]]]:
    """Return the statements that are claimed, each with what is said to imply it."""
    stated, premises = [formula.statements[0]], [()]
    for join, statement in zip(formula.joins, formula.statements[1:], strict=True):
        if join == "iff":
            raise Undecided("an equivalence is two claims: write each direction", *statement.span)
        if join == "implies":
            premises[-1] = (*premises[-1], stated[-1])  # type: ignore[assignment]
            stated[-1] = statement
        else:
            stated.append(statement)
            premises.append(())
    return stated, list(premises)


def _message(worst: Link, links: list[Link]) -> str:
    """Say the verdict in one line."""
    which = "" if len(links) == 1 else f"in {worst.tex}, "
    if worst.status == "false":
        shown = f"{which}{worst.counterexample}" if worst.counterexample else f"{which}it does not hold"
        return shown + (f". It is {worst.hint}" if worst.hint else "")
    if worst.status == "verified":
        total = sum(x.mutants.rejected for x in links if x.mutants)
        evidence = worst.how if len(links) == 1 else f"{len(links)} links, each: {links[0].how}"
        return evidence + (f"; {total} mutants rejected" if total else "")
    return which + worst.how
