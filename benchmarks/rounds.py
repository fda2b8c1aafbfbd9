"""The rounds: in each, every peer makes its call, in an order that rotates from round to round."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import cases
from benchmarks.cases import Case
from benchmarks.children import Answer, arguments, ask
from benchmarks.environments import Peer

LONG = 60.0  # CPU seconds of a call that is made in one round only
WITH_BOOTSTRAP = ("lmmtext", "lme4")

Record = dict[str, Any]


def rotated(peers: Sequence[Peer], by: int) -> list[Peer]:
    """Return the peers, beginning with another one each round.

    >>> [rotated("abc", by) for by in range(3)]
    [['a', 'b', 'c'], ['b', 'c', 'a'], ['c', 'a', 'b']]
    """
    start = by % len(peers)
    return [*peers[start:], *peers[:start]]


def fits(chosen: Sequence[Case], peers: Sequence[Peer], rounds: int | None) -> Iterator[Record]:
    """Yield a record for each fit: 5 rounds of small cases, 3 of big ones, unless told otherwise."""
    warm = [cases.write(cases.CASES[name]) for name in ("dyestuff", "penicillin")][0].parent
    for case in chosen:
        data = cases.write(case)
        factors = [*json.loads(data.with_suffix(".json").read_text()), *case.groups]
        request = arguments(case, "big" if case.big else "small", data, factors, warm)
        yield from interleaved(f"fit {case.name}", request, peers, rounds or (3 if case.big else 5))


def starts(peers: Sequence[Peer], rounds: int | None) -> Iterator[Record]:
    """Yield a record for each import in a new process."""
    yield from interleaved("import", ["mode=import"], peers, rounds or 5)


def replicates(peers: Sequence[Peer], rounds: int | None) -> Iterator[Record]:
    """Yield a record for each timing of a replicate of the parametric bootstrap of sleepstudy."""
    case = cases.CASES["sleepstudy"]
    data = cases.write(case)
    request = arguments(case, "bootstrap", data, ["Subject"], data)
    able = [peer for peer in peers if peer.name in WITH_BOOTSTRAP]
    yield from interleaved("bootstrap", request, able, rounds or 5)


def interleaved(what: str, request: list[str], peers: Sequence[Peer], rounds: int) -> Iterator[Record]:
    """Yield every peer's answers, round by round; one that failed, or took LONG, is not asked again."""
    done: set[str] = set()
    for number in range(rounds):
        for peer in rotated(peers, number) if peers else []:
            if peer.name not in done:
                answer = ask(peer, request)
                if "failed" in answer or answer.get("cpu", 0.0) > LONG:
                    done.add(peer.name)
                print(f"{what}, round {number + 1}, {peer.name}: {brief(answer)}", flush=True)
                yield {"what": what, "round": number + 1, "peer": peer.name} | answer


def brief(answer: Answer) -> str:
    """Return an answer in a few words, for the screen."""
    if "failed" in answer:
        return answer["failed"]
    return f"{1e3 * (answer['import_cpu'] if 'import_cpu' in answer else answer['cpu']):.2f} ms"


def sizes(case: Case) -> dict[str, Any]:
    """Return what the tables say of a case: its rows, and the megabytes of its data in a pandas table."""
    table = case.make()
    used = [name for name in table if name in re.findall(r"\w+", case.formula)]
    megabytes = float(table[used].memory_usage(deep=True, index=False).sum()) / 2**20
    return {"name": case.name, "title": case.title, "formula": case.formula, "big": case.big} | {
        "rows": len(table),
        "data_mb": megabytes,
    }


def save(raw: dict[str, Any], path: Path) -> None:
    """Write the raw numbers, one record a line."""
    lists = {key: value for key, value in raw.items() if isinstance(value, list)}
    head = {key: value for key, value in raw.items() if key not in lists}
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    for key, records in lists.items():
        inside = ",\n".join(f"  {json.dumps(record)}" for record in records)
        lines.append(f"{json.dumps(key)}: [\n{inside}\n]")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")
