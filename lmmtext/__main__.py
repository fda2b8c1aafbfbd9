r"""The command line: `lmmtext check '<latex>' --world NAME [--where COND] [--json]`, `worlds`, and `ledger`."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path


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
    keeping = commands.add_parser("ledger", help="judge every formula of a book, and keep what was found")
    keeping.add_argument("--check", action="store_true", help="write nothing; the ledger that is kept must be the same")
    keeping.add_argument("--json", action="store_true", help="print the ledger as JSON")
    keeping.add_argument("--book", default=".", metavar="FOLDER", help="where _toc.yml is (default: here)")
    keeping.add_argument("--jobs", type=int, default=2, metavar="N", help="how many processes judge (default 2)")
    keeping.add_argument(
        "--cold", action="store_true", help="judge everything again, and keep nothing for the next time"
    )
    given = parser.parse_args(arguments)
    try:
        from lmmtext.verify import WORLDS, check, describe
    except ModuleNotFoundError as error:
        print(f"{error.name} is needed: pip install 'lmmtext[verify]'", file=sys.stderr)
        return 2
    if given.command == "ledger":
        return _ledger(given)
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


def _ledger(given: argparse.Namespace) -> int:
    """Judge a book; return 1 if anything fails the gate, 2 if there is no book."""
    from lmmtext.ledger import gate, report, words

    root, start = Path(given.book), time.monotonic()
    live = sys.stderr.isatty()

    def progress(done: int, total: int, what: str) -> None:
        if live or done % 50 == 0 or done == total:
            line = f"[{done}/{total}] {what}"[:100]
            print(
                f"\r{line:100}" if live else line,
                end="" if live and done < total else "\n",
                file=sys.stderr,
                flush=True,
            )

    try:
        made = report.build(root, jobs=max(1, given.jobs), cached=not given.cold, progress=progress)
    except FileNotFoundError as error:
        print(f"lmmtext: {error}", file=sys.stderr)
        return 2
    faults, path, text = gate.faults(made), root / report.FILE, report.text(made)
    if given.check and (not path.is_file() or path.read_text(encoding="utf-8") != text):
        faults.append(f"{report.FILE.as_posix()} is not the ledger of this book: lmmtext ledger")
    elif not given.check:
        path.write_text(text, encoding="utf-8", newline="\n")
    if given.json:
        print(text, end="")
    else:
        print(f"{words.summary(made)}\n{time.monotonic() - start:.0f} s")
    if faults:
        print(f"\n{len(faults)} faults:\n" + "\n".join(faults), file=sys.stderr)
    return bool(faults)


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
