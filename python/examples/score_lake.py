"""Scores a lake of Parquet files on Spark: every row with the columns of its score.

    spark-submit score_lake.py POSTS SCORES --brand brand.json             # what is there
    spark-submit score_lake.py POSTS SCORES --brand brand.json --seen DIR  # and what will come

Every executor needs the package, in the driver's version; how it gets there is in docs/scale.md.
"""

import argparse
import json
from pathlib import Path

from pyspark.sql import SparkSession

from bsmv import spark as bsmv_spark

arguments = argparse.ArgumentParser(description="Score a lake of Parquet files")
arguments.add_argument("posts", help="folder of Parquet files with a column `text`")
arguments.add_argument("scores", help="folder to write")
arguments.add_argument("--brand", type=Path, help="JSON file with the brand's profile")
arguments.add_argument("--platform", help="where the posts stand, if no column says it")
arguments.add_argument(
    "--seen", help="folder that remembers which files were scored: go on for good"
)
given = arguments.parse_args()

brand = given.brand and json.loads(given.brand.read_text("utf-8"))
session = SparkSession.builder.getOrCreate()
posts = session.read.parquet(given.posts)
if given.seen:
    posts = session.readStream.schema(posts.schema).parquet(given.posts)
scores = bsmv_spark.score(posts, brand=brand, platform=given.platform)
if given.seen:
    sink = scores.writeStream.format("parquet").option("checkpointLocation", given.seen)
    sink.start(given.scores).awaitTermination()
else:
    scores.write.mode("error").parquet(given.scores)
