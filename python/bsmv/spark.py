"""Scores on Spark: any data frame of posts, batch or stream, on executors that have this package.

>>> from bsmv import spark as bsmv_spark
>>> scores = bsmv_spark.score(session.read.parquet("posts"), brand=brand)

Each Python worker process loads the model once and uses one core, since Spark starts a process for
each. Texts are read one by one, so batches need not be sorted by length. A score depends on its row
alone: a task that is run again gives the same rows. A wrong row costs no other, and never the job.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from bsmv.scorer import Brand, Scorer, Weights, check_versions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Batches:
    """The body for ``mapInArrow`` or ``mapInPandas``, or anything else that maps batches of rows.

    Called with batches (``pyarrow.RecordBatch`` or ``pandas.DataFrame``) that have a column ``text``,
    it gives the same batches with the columns of the answer behind their own. Where it runs, package
    and model must be those of where it was made, else `bsmv.Error` with the code ``version``.

    Args:
        what: ``score``, ``explain``, ``read`` or ``embed``, whose column is ``bsmv_embedding``.
        settings: As the method of `bsmv.Scorer` takes them.
        folder: Folder of a model bundle that every worker can read; by default the model inside.
    """

    what: str
    settings: dict[str, Any] = field(default_factory=dict)
    folder: str | None = None
    versions: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        if self.versions is None:
            object.__setattr__(self, "versions", _scorer(self.folder).versions)
        # What is wrong with the settings is said here, and not by an executor.
        self.columns()

    def columns(self) -> pa.Schema:
        """The columns that are added."""
        return self._answer(pa.record_batch({"text": pa.array([], pa.string())})).schema

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        check_versions(_scorer(self.folder), self.versions)
        for batch in batches:
            if not isinstance(batch, pa.RecordBatch):
                answer = self._answer(batch)
                yield batch.join(
                    answer if self.what != "embed" else answer.rename("bsmv_embedding")
                )
                continue
            answer = self._answer(batch)
            names = batch.schema.names + answer.schema.names
            yield pa.RecordBatch.from_arrays(batch.columns + answer.columns, names=names)

    def _answer(self, batch: Any) -> Any:
        answer = getattr(_scorer(self.folder), self.what)(batch, **self.settings)
        if not isinstance(answer, pa.ChunkedArray):
            return answer
        # Spark has lists of any length only.
        lists = answer.combine_chunks().cast(pa.list_(pa.float32()))
        return pa.record_batch({"bsmv_embedding": lists})


def score(
    posts: DataFrame,
    *,
    brand: Brand | None = None,
    weights: Weights | None = None,
    platform: str | None = None,
    locale: str | None = None,
    folder: str | None = None,
) -> DataFrame:
    """The rows of a data frame with their scores: its columns, and those of `bsmv.Scorer.score`.

    Args:
        posts: A data frame, streaming or not, with a column ``text`` and any of ``bsmv.COLUMNS``.
        brand, weights, platform, locale: As `bsmv.Scorer.score` takes them.
        folder: Folder of a model bundle that every worker can read; by default the model inside.

    Raises:
        bsmv.Error: here if a setting breaks a rule; on an executor, which fails the job, ``version``
            if it has another version of package or model.
    """
    settings = {"brand": brand, "weights": weights, "platform": platform, "locale": locale}
    return mapped(posts, Batches("score", settings, folder))


def explain(
    posts: DataFrame,
    *,
    brand: Brand | None = None,
    weights: Weights | None = None,
    platform: str | None = None,
    locale: str | None = None,
    folder: str | None = None,
) -> DataFrame:
    """As `score`, with the columns of `bsmv.Scorer.explain`."""
    settings = {"brand": brand, "weights": weights, "platform": platform, "locale": locale}
    return mapped(posts, Batches("explain", settings, folder))


def read(
    posts: DataFrame,
    *,
    brand: Brand | None = None,
    platform: str | None = None,
    locale: str | None = None,
    folder: str | None = None,
) -> DataFrame:
    """As `score`, with the columns of `bsmv.Scorer.read`."""
    settings = {"brand": brand, "platform": platform, "locale": locale}
    return mapped(posts, Batches("read", settings, folder))


def embed(posts: DataFrame, *, folder: str | None = None) -> DataFrame:
    """As `score`, with one column ``bsmv_embedding`` of 384 floats, null where there is no text."""
    return mapped(posts, Batches("embed", {}, folder))


def mapped(posts: DataFrame, batches: Batches) -> DataFrame:
    """The rows of a data frame with the columns that `batches` adds."""
    from pyspark.sql.types import StructField, StructType

    added = [StructField(one.name, _spark(one.type), True) for one in batches.columns()]
    return posts.mapInArrow(batches, StructType([*posts.schema.fields, *added]))


@cache
def _scorer(folder: str | None) -> Scorer:
    """The scorer of this process."""
    return Scorer(folder, threads=1)


def _spark(of: pa.DataType) -> Any:
    """Spark's name for a type of the answers."""
    from pyspark.sql import types

    if pa.types.is_list(of):
        return types.ArrayType(_spark(of.value_type))
    if pa.types.is_struct(of):
        return types.StructType([types.StructField(one.name, _spark(one.type)) for one in of])
    if pa.types.is_string(of):
        return types.StringType()
    if pa.types.is_float32(of):
        return types.FloatType()
    return types.LongType()
