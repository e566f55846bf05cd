"""How fast the package scores beside ``bsmv score FILE``, and Spark beside two single processes.

    target/python/venv/bin/python python/bench.py [--rows N] [--pairs N]
    target/python/spark/bin/python python/bench.py --spark      # needs ./build.sh spark-test before

Texts are those of the fixtures, each made different by a number, so that none is read once for all.
Both sides take turns, and the rate of each is that of its median time; loading the model is in the
times of both.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[1]
MODEL = ROOT / "models/bsmv-base"

arguments = argparse.ArgumentParser(description="Rates beside the command line's")
arguments.add_argument("--rows", type=int, default=100_000)
arguments.add_argument("--pairs", type=int, default=3)
arguments.add_argument("--spark", action="store_true")
given = arguments.parse_args()


def posts(rows):
    """So many different posts."""
    known = json.loads((ROOT / "tests/fixtures/posts.json").read_text("utf-8"))
    known = [post["post"] for post in known]
    chosen = [known[i % len(known)] for i in range(rows)]
    return pa.table(
        {
            "text": [f"{post['text']} {i}" for i, post in enumerate(chosen)],
            "platform": [post["platform"] for post in chosen],
            "followers": [post.get("author", {}).get("followers") for post in chosen],
        }
    )


def seconds(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def compare(sides):
    """Runs sides in turn; prints the rate of each, and the first's share of the last's."""
    times = {name: [] for name in sides}
    for _ in range(given.pairs):
        for name, work in sides.items():
            times[name].append(seconds(work))
            print(f"  {name}: {times[name][-1]:.1f} s", flush=True)
    rates = {name: given.rows / statistics.median(found) for name, found in times.items()}
    for name, rate in rates.items():
        print(f"{name}: {rate:.0f} posts/s")
    first, *_, last = rates.values()
    print(f"{first / last:.1%}")


def in_process(code, *args, **environment):
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.Popen(command, env={**os.environ, **environment})


def finished(*processes):
    if any(process.wait() for process in processes):
        sys.exit("a process failed")


POLARS = """
import sys, bsmv, polars as pl
bsmv.score(pl.read_parquet(sys.argv[1])).write_parquet(sys.argv[2])
"""
HALF = """
import sys, bsmv, pyarrow.parquet as pq
table = pq.read_table(sys.argv[1])
half = table.num_rows // 2
part = table.slice(int(sys.argv[2]) * half, half)
pq.write_table(bsmv.Scorer(threads=1).score(part), sys.argv[3])
"""


def beside_the_program(folder):
    source = folder / "posts.parquet"
    program = [ROOT / "target/release/bsmv", "score", source, "--bundle", MODEL]

    def of_file():
        out = folder / "of_file.parquet"
        out.unlink(missing_ok=True)
        subprocess.run(
            [*program, "--precision", "int8", "--out", out], check=True, capture_output=True
        )

    def of_frame():
        finished(in_process(POLARS, source, folder / "of_frame.parquet"))

    compare({"a Polars frame": of_frame, "bsmv score FILE": of_file})


def beside_two_processes(folder):
    from pyspark.sql import SparkSession

    from bsmv import spark as bsmv_spark

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.getOrCreate()
    source = str(folder / "posts.parquet")

    def of_spark():
        frame = bsmv_spark.score(session.read.parquet(source).repartition(8))
        frame.write.mode("overwrite").parquet(str(folder / "of_spark"))

    def of_two():
        parts = (in_process(HALF, source, i, folder / f"part{i}") for i in range(2))
        finished(*list(parts))

    compare({"Spark, local[2]": of_spark, "two processes": of_two})
    session.stop()


with tempfile.TemporaryDirectory() as place:
    pq.write_table(posts(given.rows), Path(place) / "posts.parquet")
    (beside_two_processes if given.spark else beside_the_program)(Path(place))
