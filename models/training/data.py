"""Reading the data sets: gzip'd JSON Lines `<set>.<split>[.partNofM].jsonl.gz`, optionally cleaned."""

import gzip
import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

TEXT_SETS = [
    "en_brand_sentiment", "en_emotion", "en_post_engagement", "en_tweet_sentiment",
    "zh_brand_aspect", "zh_review_sentiment", "zh_topic_short", "zh_weibo_emotion",
    "zh_weibo_hashtag", "zh_weibo_sentiment", "zh_weibo_stance",
]
CASCADE_SETS = ["zh_weibo_cascades", "en_twitter_cascades"]
SENTIMENT = ["neg", "neu", "pos"]
BINARY_SETS = {"zh_weibo_sentiment", "zh_review_sentiment"}
SENTIMENT_SETS = BINARY_SETS | {"zh_weibo_emotion", "en_tweet_sentiment", "en_brand_sentiment"}


def rows(data: Path, name: str, split: str) -> Iterator[dict]:
    """Yields the rows of one set and split; test rows are out of bounds here."""
    if split not in ("train", "valid"):
        raise ValueError(f"split {split!r}: training reads train and valid only")
    paths = sorted(data.glob(f"{name}.{split}.*jsonl.gz"))
    if not paths:
        raise FileNotFoundError(f"no {name}.{split}.*jsonl.gz in {data}")
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def event_texts(data: Path, count: int, seed: int) -> list[str]:
    """Returns a seeded sample of the quotes' texts of the training cascades."""
    texts = [e["text"] for row in rows(data, "zh_weibo_cascades", "train")
             for e in row["events"] if e.get("text")]
    return random.Random(seed).sample(texts, min(count, len(texts)))


def clean(texts: list[str], cleaner: str | None) -> list[str]:
    """Passes texts through the project's cleaner (NDJSON in, NDJSON out), or returns them as they are."""
    if cleaner is None:
        return texts
    lines = "".join(json.dumps({"text": t}, ensure_ascii=False) + "\n" for t in texts)
    done = subprocess.run([cleaner], input=lines, capture_output=True, check=True, encoding="utf-8")
    cleaned = [json.loads(line)["text"] for line in done.stdout.splitlines() if line.strip()]
    if len(cleaned) != len(texts):
        raise RuntimeError(f"the cleaner returned {len(cleaned)} rows for {len(texts)}")
    return cleaned


def sentiment(name: str, row: dict) -> str | None:
    """Returns a row's sentiment label if it is one to learn from (htl_all is noise)."""
    if name == "zh_review_sentiment" and row["src"] == "ChnSentiCorp_htl_all":
        return None
    if name == "en_brand_sentiment" and row.get("relevant") != 1:
        return None
    return row.get("label") if name in SENTIMENT_SETS else None


def topic(name: str, row: dict) -> str | None:
    """Returns a row's topic among the 15 of tnews_clue."""
    return row["topic"] if name == "zh_topic_short" and row["src"] == "tnews_clue" else None


def emotion(name: str, row: dict) -> str | None:
    """Returns a row's emotion among the 10 of zh_weibo_emotion."""
    return row["emotion"] if name == "zh_weibo_emotion" else None
