"""Tables and columns of each library as Arrow, and the answer as the same library has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bsmv._native import COLUMNS

Restore = Callable[[Any], Any]
"""Makes an answer, chunks of structs or of vectors, into what the question was."""


def opened(posts: Any) -> tuple[Any, Restore] | None:
    """What Arrow can read of posts, and the way back; None for what isn't of Arrow's family."""
    library = type(posts).__module__.partition(".")[0]
    if library == "pandas":
        return _pandas(posts)
    if library == "polars":
        return _polars(posts)
    if library == "pyarrow":
        return _pyarrow(posts)
    if hasattr(posts, "__arrow_c_stream__") or hasattr(posts, "__arrow_c_array__"):
        return posts, lambda answer: answer
    return None


def _read(columns: Any) -> list[Any]:
    """The columns that are read; without one of texts all, so that the error names them."""
    known = [name for name in columns if name in COLUMNS]
    return known if "text" in known or "post" in known else list(columns)


def _pandas(posts: Any) -> tuple[Any, Restore]:
    import pandas
    import pyarrow

    if isinstance(posts, pandas.DataFrame):
        read = pyarrow.Table.from_pandas(posts[_read(posts.columns)], preserve_index=False)
    else:
        read = pyarrow.Array.from_pandas(posts)

    def restore(answer: Any) -> Any:
        chunks = pyarrow.chunked_array(answer)
        if pyarrow.types.is_struct(chunks.type):
            return _table(chunks).to_pandas().set_axis(posts.index)
        return chunks.to_pandas().set_axis(posts.index)

    return read, restore


def _polars(posts: Any) -> tuple[Any, Restore]:
    import polars

    if isinstance(posts, polars.LazyFrame):
        posts = posts.collect()
    if isinstance(posts, polars.Series):
        return posts, lambda answer: polars.Series(posts.name, answer)

    def restore(answer: Any) -> Any:
        series = polars.Series("bsmv", answer)
        return series.struct.unnest() if series.dtype == polars.Struct else series

    return posts.select(_read(posts.columns)), restore


def _pyarrow(posts: Any) -> tuple[Any, Restore]:
    import pyarrow

    def restore(answer: Any) -> Any:
        chunks = pyarrow.chunked_array(answer)
        if isinstance(posts, pyarrow.Array):
            return chunks.chunk(0)
        if isinstance(posts, pyarrow.ChunkedArray) or not pyarrow.types.is_struct(chunks.type):
            return chunks
        table = _table(chunks)
        if not isinstance(posts, pyarrow.RecordBatch):
            return table
        columns = [column.combine_chunks() for column in table.columns]
        return pyarrow.RecordBatch.from_arrays(columns, names=table.column_names)

    return posts, restore


def _table(chunks: Any) -> Any:
    """Structs as a table; a row that is null is null in each column."""
    import pyarrow

    fields = list(chunks.type)
    # Flattened, because a struct's fields don't know that the whole is null.
    return pyarrow.Table.from_arrays(chunks.flatten(), names=[field.name for field in fields])
