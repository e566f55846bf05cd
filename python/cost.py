"""What so many posts cost, from rates measured here and now: prints it as tables.

    target/python/venv/bin/python python/cost.py [--posts 1e9] [--seconds 20]

Texts are the fixtures', made different by a number. One thread scores, so that the rate is of one core.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import bsmv

ROOT = Path(__file__).resolve().parents[1]
CORES = (2, 64, 1_000)
"""A machine at hand, a large one, a cluster."""
POSTS_OF_GRAPHS = (0, 1_000, 10_000, 100_000)
"""Events of a graph; more than the last are counted and not read."""

arguments = argparse.ArgumentParser(description="What so many posts cost")
arguments.add_argument("--posts", type=float, default=1e9)
arguments.add_argument("--seconds", type=float, default=20, help="how long to measure the rate")
given = arguments.parse_args()


def rows(start, count):
    """So many different posts, as a table."""
    chosen = [POSTS[i % len(POSTS)] for i in range(start, start + count)]
    return pa.table(
        {
            "id": list(range(start, start + count)),
            "text": [f"{post['text']} {start + i}" for i, post in enumerate(chosen)],
            "platform": [post["platform"] for post in chosen],
            "followers": [post.get("author", {}).get("followers") for post in chosen],
        }
    )


def bytes_of(table):
    with tempfile.NamedTemporaryFile() as file:
        pq.write_table(table, file.name, compression="zstd")
        return Path(file.name).stat().st_size / table.num_rows


def graph(events):
    """A post's diffusion a day after: every event passes on an earlier one."""
    indices = range(events)
    return {
        "schema": 1,
        "post": "p",
        "created_at": "2026-11-22T10:00:00Z",
        "observed_until": 86_400,
        "start": 1,
        "total": events,
        "t": [i * 86_399 // max(events, 1) for i in indices],
        "parent": [i // 7 for i in indices],
        "kind": ["repost" for _ in indices],
        "user": [i + 1 for i in indices],
        "followers": [i * 31 % 5_000 for i in indices],
        "verified": [False for _ in indices],
    }


def seconds_of(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def amount(number, units):
    """A number with the largest of some units that leaves it above 1."""
    for size, unit in reversed(units):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.3g} {units[0][1]}"


TIME = ((1, "s"), (60, "min"), (3_600, "h"), (86_400, "days"), (31_557_600, "years"))
SIZE = ((1, "B"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB"), (1e12, "TB"))
POSTS = [
    post["post"] for post in json.loads((ROOT / "tests/fixtures/posts.json").read_text("utf-8"))
]

loaded_in = seconds_of(lambda: bsmv.Scorer(threads=1).score("Good"))
scorer = bsmv.Scorer(threads=1)
scored, spent = 0, 0.0
while spent < given.seconds:
    table = rows(scored, 500)
    spent += seconds_of(lambda table=table: scorer.score(table))
    scored += table.num_rows
rate = scored / spent
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
sample = rows(0, 2_000)
answers = scorer.score(sample)
both = pa.Table.from_arrays(
    sample.columns + answers.columns, names=sample.column_names + answers.column_names
)
read, written = bytes_of(sample), bytes_of(both)

print(
    f"One core: {rate:.0f} posts/s, over {scored} posts; a process is ready in {loaded_in:.1f} s."
)
print(f"A process takes {amount(memory, SIZE)} at most, pyarrow and its rows in it.\n")
print(f"| {given.posts:.0e} posts | |\n| --- | --- |")
print(f"| core hours | {given.posts / rate / 3_600:,.0f} |")
for cores in CORES:
    print(f"| on {cores:,} cores | {amount(given.posts / rate / cores, TIME)} |")
    print(f"| memory there, a process for each | {amount(memory * cores, SIZE)} |")
print(f"| Parquet read | {amount(given.posts * read, SIZE)} |")
print(f"| Parquet written | {amount(given.posts * written, SIZE)} |\n")
print("| events of one graph | seconds of one score |\n| --- | --- |")
text = {"text": POSTS[0]["text"], "platform": "weibo"}
for events in POSTS_OF_GRAPHS:
    request = {"post": text, **({"graph": graph(events)} if events else {})}
    print(f"| {events:,} | {seconds_of(lambda request=request: scorer.score(request)):.3f} |")
