"""The fixtures of the crate, as the tests read them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import bsmv

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "target/release/bsmv"
ENGINE = os.environ.get("BSMV_SPARK", "sail")
"""What speaks Spark: ``sail``, or ``pyspark``."""


def read(path):
    return json.loads((ROOT / path).read_text("utf-8"))


@pytest.fixture(scope="session")
def posts():
    """200 posts: ``post``, ``brand`` (an id) and what they are."""
    return read("tests/fixtures/posts.json")


@pytest.fixture(scope="session")
def brands():
    """Profiles by id."""
    return {brand["id"]: brand for brand in read("models/brands.json")}


@pytest.fixture(scope="session")
def expected():
    """Recorded scores and sums of embeddings, in the order of the posts."""
    return read("tests/fixtures/expected.json")


@pytest.fixture(scope="session")
def requests(posts, brands):
    """The posts as requests."""
    return [
        {"post": post["post"], **({"brand": brands[post["brand"]]} if post.get("brand") else {})}
        for post in posts
    ]


@pytest.fixture(scope="session")
def texts(posts):
    return [post["post"]["text"] for post in posts]


@pytest.fixture(scope="session")
def scorer():
    return bsmv.scorer()


@pytest.fixture(scope="session")
def program():
    """Runs the command line, whose answers are the crate's."""
    if not PROGRAM.exists():
        pytest.skip("target/release/bsmv isn't built: ./build.sh native")

    def run(*args, **options):
        bundle = ("--bundle", str(ROOT / "models/bsmv-base"), "--precision", "int8")
        return subprocess.run(
            [PROGRAM, *args, *bundle], check=False, capture_output=True, text=True, **options
        )

    return run


@pytest.fixture(scope="session")
def session():
    """A session of Spark, or of Sail, which speaks its language."""
    from pyspark.sql import SparkSession

    if ENGINE == "pyspark":
        # Workers are this Python, which has the package.
        os.environ["PYSPARK_PYTHON"] = sys.executable
        builder = SparkSession.builder.master("local[2,4]").config("spark.ui.enabled", "false")
        session = builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
        yield session
        session.stop()
        return
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer()
    server.start()
    _, port = server.listening_address
    remote = f"sc://localhost:{port}"
    session = SparkSession.builder.remote(remote).getOrCreate()
    # Whoever makes a session in a process of its own finds the same server.
    os.environ["SPARK_REMOTE"] = remote
    yield session
    session.stop()
    server.stop()
