r"""The command line: `lmmtext check '<latex>' --world NAME [--where COND] [--json]`, and `lmmtext worlds`."""

import argparse
import json
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0 verified, 1 false or non-conforming, 2 unreadable or unknown, 3 undecided."""
    parser = argparse.ArgumentParser(prog="lmmtext", description="Check formulas of mixed models in exact worlds.")
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="judge a formula")
    checking.add_argument("latex", help="the formula, as between dollar signs; - reads it from standard input")
    checking.add_argument(
        "--world", default="one-way", metavar="NAME", help="the model (see `lmmtext worlds`); default one-way"
    )
    checking.add_argument("--where", metavar="COND", help="a condition under which it is claimed, in LaTeX")
    checking.add_argument("--seconds", type=float, default=20.0, help="the time allowed (default 20)")
    checking.add_argument("--json", action="store_true", help="print the verdict as JSON")
    listing = commands.add_parser("worlds", help="list the worlds with their symbols, meanings and shapes")
    listing.add_argument("--json", action="store_true", help="print them as JSON")
    given = parser.parse_args(arguments)
    try:
        from lmmtext.verify import WORLDS, check, describe
    except ModuleNotFoundError as error:
        print(f"{error.name} is needed: pip install 'lmmtext[verify]'", file=sys.stderr)
        return 2
    if given.command == "worlds":
        told = [describe(world) for world in WORLDS.values()]
        print(json.dumps(told, indent=2) if given.json else "\n\n".join(_listed(world) for world in told))
        return 0
    if given.world not in WORLDS:
        print(f"lmmtext: there is no world {given.world!r}; there are {', '.join(WORLDS)}", file=sys.stderr)
        return 2
    latex = sys.stdin.read() if given.latex == "-" else given.latex
    verdict = check(latex, given.world, given.where, seconds=given.seconds)
    print(json.dumps(verdict.as_dict(), indent=2) if given.json else verdict)
    return verdict.exit_code


def _listed(world: dict[str, object]) -> str:
    """Return a world as lines of text."""
    lines = [f"{world['name']}: {world['words']}"]
    symbols = world["symbols"]
    assert isinstance(symbols, list)
    width = max((len(s["tex"]) for s in symbols), default=0)
    lines += [f"  {s['tex']:{width}}  {s['shape']:9}  {s['kind']:9}  {s['words']}" for s in symbols]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
