"""The same job on every engine that speaks Spark: Sail, or PySpark where BSMV_SPARK is ``pyspark``."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ENGINE, ROOT

import bsmv

pytest.importorskip("pyspark")

from bsmv import spark as bsmv_spark

only_pyspark = pytest.mark.skipif(ENGINE != "pyspark", reason="Sail has no such thing")


@pytest.fixture(scope="module")
def lake(tmp_path_factory, posts):
    """A folder of Parquet files, with rows that are missing, wrong and unreadable."""
    folder = tmp_path_factory.mktemp("lake")
    rows = [
        {
            "id": i,
            "text": post["post"]["text"],
            "platform": post["post"]["platform"],
            "followers": post["post"].get("author", {}).get("followers"),
        }
        for i, post in enumerate(posts)
    ]
    rows[3]["text"], rows[5]["text"], rows[7]["text"] = None, "", "锟斤拷锟斤拷"
    for part in range(4):
        pq.write_table(pa.Table.from_pylist(rows[part::4]), folder / f"part-{part}.parquet")
    return folder


def rows_of(frame):
    """Rows in the order of their ids, as plain values."""
    return sorted((row.asDict(recursive=True) for row in frame.collect()), key=lambda r: r["id"])


@pytest.fixture(scope="module")
def straight(lake, brands):
    """The rows that the package gives without Spark."""
    table = pq.read_table(lake).sort_by("id")
    scores = bsmv.score(table, brand=brands["luckin"])
    return [a | b for a, b in zip(table.to_pylist(), scores.to_pylist(), strict=True)]


def test_a_lake_is_scored_as_without_spark(session, lake, brands, straight):
    scores = bsmv_spark.score(session.read.parquet(str(lake)), brand=brands["luckin"])
    assert rows_of(scores) == straight
    assert sum(row["bsmv"] is None for row in straight) == 3
    assert sum(row["bsmv_error_code"] == "invalid_input" for row in straight) == 1


def test_all_that_is_asked_of_texts_comes_back(session, lake):
    posts = session.read.parquet(str(lake)).where("id < 12")
    table = pq.read_table(lake, filters=[("id", "<", 12)]).sort_by("id")
    for spark, plain in ((bsmv_spark.explain, bsmv.explain), (bsmv_spark.read, bsmv.read)):
        rows = zip(table.to_pylist(), plain(table).to_pylist(), strict=True)
        assert rows_of(spark(posts)) == [a | b for a, b in rows]
    vectors = [row["bsmv_embedding"] for row in rows_of(bsmv_spark.embed(posts))]
    assert vectors == bsmv.embed(table).to_pylist()


def test_pandas_batches_do_too(session, lake, straight):
    from pyspark.sql.types import StructType

    posts = session.read.parquet(str(lake)).select("id", "text")
    batches = bsmv_spark.Batches("score", {"platform": "x"})
    schema = StructType(bsmv_spark.mapped(posts, batches).schema.fields)
    rows = rows_of(posts.mapInPandas(batches, schema))
    of_texts = bsmv.score([row["text"] for row in rows], platform="x")
    for row, score in zip(rows, of_texts, strict=True):
        found, wanted = row["bsmv"], score and score.get("bsmv")
        assert (found is None or found != found) == (wanted is None)
        assert wanted is None or found == pytest.approx(wanted, rel=1e-6)


def test_a_wrong_setting_is_said_before_the_job_begins(session, lake):
    posts = session.read.parquet(str(lake))
    with pytest.raises(bsmv.Error) as wrong:
        bsmv_spark.score(posts, brand={"name": ""})
    assert wrong.value.field == "brand.name"


def test_another_version_on_an_executor_fails_the_job(session, lake):
    posts = session.read.parquet(str(lake))
    batches = bsmv_spark.Batches("score", versions=("0.0.1", "bsmv-base@0.0.1"))
    with pytest.raises(Exception, match=r"0\.0\.1 with bsmv-base@0\.0\.1: install the same"):
        bsmv_spark.mapped(posts, batches).collect()


def test_the_example_scores_a_lake(lake, tmp_path, session, brands, straight):
    brand = tmp_path / "brand.json"
    brand.write_text(json.dumps(brands["luckin"]), "utf-8")
    out = tmp_path / "scores"
    job = [sys.executable, ROOT / "python/examples/score_lake.py", lake, out, "--brand", brand]
    subprocess.run(job, check=True, timeout=300)
    assert pq.read_table(out).sort_by("id").to_pylist() == straight


@only_pyspark
def test_a_stream_is_scored_as_a_batch(session, lake, tmp_path, brands, straight):
    posts = session.read.parquet(str(lake))
    stream = session.readStream.schema(posts.schema).option("maxFilesPerTrigger", 1)
    scores = bsmv_spark.score(stream.parquet(str(lake)), brand=brands["luckin"])
    out = str(tmp_path / "out")
    sink = scores.writeStream.format("parquet").option("checkpointLocation", str(tmp_path / "seen"))
    sink.trigger(availableNow=True).start(out).awaitTermination()
    assert rows_of(session.read.parquet(out)) == straight


def python_workers():
    """The processes of Spark that score."""
    found = subprocess.run(
        ["pgrep", "-f", "pyspark[./]daemon"], check=False, capture_output=True, text=True
    )
    return [int(process) for process in found.stdout.split()]


@only_pyspark
def test_a_worker_that_is_killed_changes_nothing(session, lake, brands, straight):
    posts = session.read.parquet(str(lake)).repartition(8)
    killed = []

    def kill():
        before = time.monotonic()
        while len(killed) < 2 and time.monotonic() - before < 20:
            time.sleep(0.4)
            # The daemon forks the workers: the last process is one of these.
            if workers := [process for process in python_workers() if is_worker(process)]:
                os.kill(workers[-1], signal.SIGKILL)
                killed.append(workers[-1])

    killer = threading.Thread(target=kill)
    killer.start()
    rows = rows_of(bsmv_spark.score(posts, brand=brands["luckin"]))
    killer.join()
    assert killed, "no worker was found"
    assert rows == straight


def is_worker(process):
    """Whether a process was forked by another that scores."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return int(stat.rpartition(")")[2].split()[1]) in python_workers()
