"""Time the package against its peers: `python -m benchmarks` prints the tables, with `--write` it keeps them."""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks import cases, children, environments, growth, machine, report, rounds
from benchmarks.cases import CASES, Case
from benchmarks.environments import PEERS, Peer, Unavailable

LAST = cases.SCRATCH / "last.json"


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--cases", nargs="+", choices=CASES, metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--peers", nargs="+", choices=PEERS, metavar="PEER", help=", ".join(PEERS))
    parser.add_argument("--rounds", type=int, help="rounds of everything (5 of small cases, 3 of big ones)")
    parser.add_argument("--quick", action="store_true", help="one round of the small cases, nothing else")
    parser.add_argument("--raw", type=Path, default=LAST, help="where the raw numbers are kept while it runs")
    parser.add_argument("--write", action="store_true", help="rewrite RESULTS.md and results.json (a whole run only)")
    parser.add_argument("--render", action="store_true", help="rewrite RESULTS.md from results.json, time nothing")
    given = parser.parse_args(arguments)
    if given.write and (given.cases or given.peers or given.rounds or given.quick):
        parser.error("--write keeps a whole run: leave out --cases, --peers, --rounds and --quick")
    if given.quick:
        given.cases = given.cases or [case.name for case in cases.ALL if not case.big]
        given.rounds = given.rounds or 1
    return given


def run(given: argparse.Namespace) -> dict[str, Any]:
    """Run what was asked for; return the raw numbers, which are also kept on disk after each of them."""
    chosen = [CASES[name] for name in given.cases or CASES]
    known = {name: about(PEERS[name]) for name in given.peers or PEERS}
    able = [PEERS[name] for name, facts in known.items() if "unavailable" not in facts]
    raw: dict[str, Any] = {
        "machine": machine.describe(),
        "peers": known,
        "cases": [rounds.sizes(case) for case in chosen],
        "records": [],
        "growth": [],
    }
    cases.SCRATCH.mkdir(exist_ok=True)
    for kind, record in everything(chosen, able, given):
        raw[kind].append(record)
        rounds.save(raw, given.raw)
    return raw


def everything(
    chosen: list[Case], peers: list[Peer], given: argparse.Namespace
) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield every record with the list that it belongs to; starts, bootstrap and growth only in a run of all cases."""
    yield from (("records", r) for r in rounds.fits(chosen, peers, given.rounds))
    if given.cases:
        return
    yield from (("records", r) for r in rounds.starts(peers, given.rounds))
    yield from (("records", r) for r in rounds.replicates(peers, given.rounds))
    if PEERS["lmmtext"] in peers:
        yield from (("growth", r) for r in grown(given.rounds or 3))


def grown(number: int) -> Iterable[dict[str, Any]]:
    """Yield every point of the growth of cost, round by round."""
    for k in range(1, number + 1):
        for series, size in growth.points():
            answer = children.run([sys.executable, "-m", "benchmarks.growth", series, str(size)])
            print(f"growth with {series} = {size:,}, round {k}: {rounds.brief(answer)}", flush=True)
            yield {"series": series, "size": size, "round": k} | answer


def about(peer: Peer) -> dict[str, Any]:
    """Return what is to be told of a peer, with its environment made, or why it is unavailable."""
    facts: dict[str, Any] = {"made_of": peer.made_of, "compiled": peer.compiled}
    try:
        return facts | environments.ensure(peer)
    except Unavailable as why:
        print(f"{peer.name} is left out: {why}.", flush=True)
        return facts | {"unavailable": str(why)}


def main() -> int:
    """Do what the command line asks."""
    given = options()
    if not given.render and sys.platform != "linux":
        print("The benchmark reads memory and sets limits as Linux does: nothing was timed.", file=sys.stderr)
        return 1
    if given.render:
        raw = json.loads(report.NUMBERS.read_text(encoding="utf-8"))
    else:
        raw = run(given)
    if given.write:
        rounds.save(raw, report.NUMBERS)
    text = report.render(raw)
    if given.write or given.render:
        report.RESULTS.write_text(text, encoding="utf-8", newline="\n")
    else:
        print("\n" + text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
