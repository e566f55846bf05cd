"""The scorer: posts in, scores, explanations, readings or vectors out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bsmv import _native, frames
from bsmv.errors import Error

Brand = str | Mapping[str, Any]
"""A brand's name, or its profile: ``name``, ``aliases``, ``positioning``, ``keywords``, ``examples``."""
Weights = str | Mapping[str, float]
"""``balanced``, ``awareness``, ``sales``, or ``sentiment``, ``topic`` and ``diffusion``, whose sum is 1."""


class Scorer:
    """A loaded model. Threads may share one; pickled, it is loaded anew from the same place.

    Args:
        folder: Folder of a model bundle; by default the model inside the package.
        precision: ``int8``, whose embeddings have the same bits on every machine, or ``f32``, for
            which ``folder`` must be given.
        threads: Most cores used at once; by default all.

    Raises:
        Error: ``bundle`` if the model can't be read, ``bundle_schema`` if it is of another release,
            ``version`` if a pickled scorer comes from another version of package or model.
    """

    def __init__(
        self, folder: str | None = None, *, precision: str = "int8", threads: int | None = None
    ) -> None:
        self._made_with = (None if folder is None else str(folder), precision, threads)
        self._native = _native.NativeScorer(*self._made_with)

    @property
    def bundle(self) -> str:
        """``name@version`` of the model; only scores of the same one can be compared."""
        return self._native.bundle

    @property
    def dimensions(self) -> int:
        """Numbers of an embedding."""
        return self._native.dimensions

    @property
    def versions(self) -> tuple[str, str]:
        """Versions of the package and of the model."""
        return _native.__version__, self.bundle

    def score(
        self,
        posts: Any,
        *,
        brand: Brand | None = None,
        weights: Weights | None = None,
        platform: str | None = None,
        locale: str | None = None,
    ) -> Any:
        """Scores posts: 0 to 100, 50 is no effect.

        Args:
            posts: One of these, n posts long.

                - A text, or a mapping with the fields of a post (``text``, ``platform``,
                  ``author``, ...) or of a request (``post``, ``brand``, ``graph``, ...).
                - A list of such.
                - A column of texts, or a table with a column ``text`` and any of ``title``,
                  ``platform``, ``language``, ``created_at``, ``followers``, ``verified``, ... (all
                  in ``bsmv.COLUMNS``; others are ignored): of pandas, Polars, pyarrow, DuckDB or
                  anything else that gives Arrow.
            brand: The brand whose value it is; without one the score is for a brand that each post
                fits. A row's own comes first, here and below.
            weights: What the three parts count; without it the brand's own, else 0.2, 0.3, 0.5.
            platform: Where the posts stand: ``weibo``, ``x``, ``xiaohongshu``, ...
            locale: Language of all words of the answer, ``en`` or ``zh``.

        Returns:
            For one post a dict, as ``POST /v1/score`` answers. For a list a list of n dicts; that
            of a bad post is ``{"error": {"code", "field", "message"}}``, and None for None.

            For a column a column of n structs, for a table a table of n rows, of the same library
            and in the same order: ``bsmv``, ``bsmv_low`` to ``bsmv_high`` (holds nine of ten
            realised values), points ``bsmv_sentiment``, ``bsmv_topic``, ``bsmv_diffusion``,
            forecasts ``bsmv_s``, ``bsmv_t``, ``bsmv_d``, codes in ``bsmv_unseen``, ``bsmv_flags``.
            Where a text can't be read ``bsmv_refused`` says why; where a row breaks a rule
            ``bsmv_error_code`` and ``bsmv_error`` do, and the other rows have their scores. A null
            stays null.

        Raises:
            Error: ``invalid_input`` if a brand, weights or a platform break a rule, if a table has
                no column of texts, or if a single post is wrong.
            TypeError: if posts are none of the above.
        """
        return self._answer("score", posts, brand, weights, platform, locale)

    def explain(
        self,
        posts: Any,
        *,
        brand: Brand | None = None,
        weights: Weights | None = None,
        platform: str | None = None,
        locale: str | None = None,
    ) -> Any:
        """Says what moved the score: points of each feature, from those of an average post.

        Takes, returns and raises as :meth:`score`; the columns are ``bsmv``, ``bsmv_base`` (the score
        of an average post), ``bsmv_sentence``, ``bsmv_contributions`` (17 of ``feature``, ``group``,
        ``points``; at default weights base and points add up to the score), ``bsmv_hints`` (``code``,
        ``message``) and those of rows without an answer.
        """
        return self._answer("explain", posts, brand, weights, platform, locale)

    def read(
        self,
        posts: Any,
        *,
        brand: Brand | None = None,
        platform: str | None = None,
        locale: str | None = None,
    ) -> Any:
        """Reads the texts alone: tone, emotion, topics, whether they advertise, ask or mean it.

        Takes, returns and raises as :meth:`score`; the columns are ``bsmv_language``, ``bsmv_tone``
        in [-1, 1] with ``bsmv_negative``, ``bsmv_neutral``, ``bsmv_positive``, ``bsmv_t`` (relevance to
        the brand), ``bsmv_emotion`` with ``bsmv_emotion_intensity`` (0 to 10), ``bsmv_advert``,
        ``bsmv_irony``, ``bsmv_kind``, ``bsmv_wants`` with their probabilities, ``bsmv_topics`` (10 of
        ``label``, ``weight``), ``bsmv_novelty`` (above 1: unlike the texts of training), ``bsmv_cut``
        (word pieces not read) and those of rows without an answer.
        """
        return self._answer("read", posts, brand, None, platform, locale)

    def embed(self, texts: Any) -> Any:
        """The vectors of texts, of unit length; their dot product is how alike two texts are.

        Args:
            texts: A text, a list of n texts, a column of them, or a table with a column ``text``.

        Returns:
            A list of 384 floats; for a list a list of n such lists; for anything of Arrow's family
            a column of n vectors of 384 32-bit floats, of the same library. Where there is no text,
            or one of more than 20,000 characters, there is no vector: None or null.

        Raises:
            Error: ``invalid_input`` if a table has no column of texts, or a single text is too long.
            TypeError: if texts are none of the above.
        """
        if isinstance(texts, str):
            (vector,) = self.embed([texts])
            if vector is None:
                raise Error("invalid_input", "text", "text: is too long")
            return vector
        table = frames.opened(texts)
        if table is not None:
            rows, restore = table
            return restore(self._native.embed(rows))
        texts = _listed(texts)
        numbers = memoryview(self._native.embed_texts(texts)).cast("f").tolist()
        width = self.dimensions
        vectors = (numbers[i * width : (i + 1) * width] for i in range(len(texts)))
        return [vector if vector[0] == vector[0] else None for vector in vectors]

    def _answer(
        self,
        what: str,
        posts: Any,
        brand: Brand | None,
        weights: Weights | None,
        platform: str | None,
        locale: str | None,
    ) -> Any:
        named = {"brand": brand, "weights": weights, "platform": platform, "locale": locale}
        settings = json.dumps(named, default=_plain)
        table = frames.opened(posts)
        if table is not None:
            rows, restore = table
            return restore(getattr(self._native, what)(rows, settings))
        one = isinstance(posts, (str, Mapping))
        requests = [_request(post, platform) for post in ([posts] if one else _listed(posts))]
        answers = getattr(self._native, f"{what}_json")(requests, settings)
        answers = [json.loads(answer) for answer in answers]
        if not one:
            return answers
        (answer,) = answers
        if "error" in answer:
            error = answer["error"]
            raise Error(error["code"], error.get("field"), error["message"])
        return answer

    def __reduce__(self) -> Any:
        return _loaded, (*self._made_with, self.versions)

    def __repr__(self) -> str:
        _folder, precision, threads = self._made_with
        return f"<bsmv.Scorer {self.bundle} {precision} threads={threads or 'all'}>"


def _loaded(
    folder: str | None, precision: str, threads: int | None, wanted: tuple[str, str]
) -> Scorer:
    """A scorer that was pickled, perhaps on another machine."""
    scorer = Scorer(folder, precision=precision, threads=threads)
    check_versions(scorer, wanted)
    return scorer


def check_versions(scorer: Scorer, wanted: tuple[str, str] | None) -> None:
    """Raises an Error with the code ``version`` if package or model aren't those wanted."""
    if wanted is not None and scorer.versions != wanted:
        here, there = " with ".join(scorer.versions), " with ".join(wanted)
        problem = f"here is bsmv {here}, where the work was begun {there}: install the same"
        raise Error("version", None, problem)


def _listed(posts: Any) -> list[Any]:
    for to_list in ("tolist", "to_list"):
        if hasattr(posts, to_list):
            posts = getattr(posts, to_list)()
            break
    if isinstance(posts, Sequence) and not isinstance(posts, (str, bytes)):
        return list(posts)
    raise TypeError(f"{type(posts).__name__} is no text, mapping, list, column or table of posts")


def _request(post: Any, platform: str | None) -> str | None:
    """The JSON of a request. None, and NaN in its place, is none."""
    if post is None or post != post:
        return None
    if isinstance(post, str):
        post = {"text": post}
    elif not isinstance(post, Mapping):
        raise TypeError(f"{type(post).__name__} is no text and no mapping: a post is one of these")
    request = dict(post) if "post" in post else {"post": post}
    if platform is not None and isinstance(request["post"], Mapping):
        request["post"] = {"platform": platform, **request["post"]}
    return json.dumps(request, default=_plain)


def _plain(value: Any) -> Any:
    """What JSON has of a value that it has no form for."""
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is nothing that a post has")
