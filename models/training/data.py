"""Reading the data sets: gzip'd JSON Lines `<set>.<split>[.partNofM].jsonl.gz`, optionally cleaned."""

import gzip
import hashlib
import json
import random
import re
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path

TEXT_SETS = [
    "en_brand_sentiment", "en_emotion", "en_post_engagement", "en_tweet_sentiment",
    "zh_brand_aspect", "zh_review_sentiment", "zh_topic_short", "zh_weibo_emotion",
    "zh_weibo_hashtag", "zh_weibo_sentiment", "zh_weibo_stance",
]
MODERN_SETS = [
    "zh_xhs_engagement", "zh_bilibili_hot", "zh_douyin_engagement", "en_ig_engagement", "en_tiktok_brand_engagement",
    "en_x_brand_engagement",
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
    if not paths and split == "train":
        paths = sorted(data.glob(f"{name}.all.jsonl.gz"))  # a set that comes in one piece, without a test
    if not paths:
        raise FileNotFoundError(f"no {name}.{split}.*jsonl.gz in {data}")
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                if not kept_out(name, row):
                    row["text"] = join_segmented(whole_text(row), row.get("src", ""))
                    yield row


def whole_text(row: dict) -> str:
    """Returns what there is to read: the title, if there is one, above the text, as the scorer reads a post."""
    return "\n".join(part for part in (row.get("title"), row.get("text")) if part and part.strip())


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
    if name == "zh_review_sentiment" and row.get("src") == "ChnSentiCorp_htl_all":
        return None
    if name == "en_brand_sentiment" and (row.get("relevant") != 1 or held_out(row["target"] or "")):
        return None
    return row.get("label") if name in SENTIMENT_SETS else None


def topic(name: str, row: dict) -> str | None:
    """Returns a row's topic among the 15 of tnews_clue."""
    return row["topic"] if name == "zh_topic_short" and row.get("src") == "tnews_clue" else None


def emotion(name: str, row: dict) -> str | None:
    """Returns a row's emotion among the 10 of zh_weibo_emotion."""
    return row["emotion"] if name == "zh_weibo_emotion" else None


def emotion_en(name: str, row: dict) -> str | None:
    """Returns a row's emotion among the 28 of GoEmotions, if it has one only."""
    return row["emotions"][0] if row.get("src") == "goemotions" and len(row["emotions"]) == 1 else None


def kept_out(name: str, row: dict) -> bool:
    """Says whether a row stays out of all training: what linear probes are measured on."""
    foreign = name in MODERN_SETS and row.get("lang") not in ("zh", "en")
    return foreign or name == "zh_weibo_stance" or row.get("src") == "tweeteval_emotion"


def normalised_target(target: str) -> str:
    """Returns a target's name in the form whose hash splits brands: NFKC, lower case, no spaces, hyphens, # or @."""
    folded = unicodedata.normalize("NFKC", target).lower()
    return "".join(c for c in folded if not c.isspace() and c not in "-\u2010\u2011#@")


def held_out(target: str) -> bool:
    """Says whether a target is one of the fifth kept out of training."""
    digest = hashlib.sha256(normalised_target(target).encode()).digest()
    return int.from_bytes(digest[:8], "big") % 5 == 0


def conditions(name: str, row: dict) -> list[tuple[str, str]]:
    """Returns what a row's text says of something: (brand or aspect, its sentiment label)."""
    if name == "en_brand_sentiment":
        target = row["target"]
        usable = target and " or " not in target and row.get("relevant") == 1 and not held_out(target)
        return [(target, row["label"])] if usable else []
    if name == "zh_brand_aspect":
        return [(a["aspect"], a["label"]) for a in row["aspects"] if a["label"] in SENTIMENT]
    return []


def join_segmented(text: str, src: str) -> str:
    """Joins the words of the one source that comes segmented; Latin words and numbers stay apart."""
    if src != "takg_weibo":
        return text
    return re.sub(r"(?<![A-Za-z0-9]) | (?![A-Za-z0-9])", "", " ".join(text.split()))


def own(folder: Path, split: str) -> Iterator[dict]:
    """Yields our own posts; in training with the texts of `texts`, whose file's name begins with the language, and the
    posts of others that `labels.tsv` has our labels of."""
    yield from rows(folder, "own_posts", split)
    if split != "train":
        return
    here = Path(__file__).parent
    for file in sorted((here / "texts").glob("*.ndjson")):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            yield json.loads(line) | {"id": f"{file.stem}-{number}", "area": file.stem, "lang": file.stem[:2]}
    labels = dict(line.split("\t", 1) for line in (here / "labels.tsv").read_text().splitlines())
    for name in MODERN_SETS:
        for row in rows(folder, name, split):
            if row["id"] in labels:
                label, emotion, kind, ironic, toward = labels[row["id"]].split("\t")
                said = dict(part.rsplit("=", 1) for part in toward.split(";") if part)
                yield {"id": row["id"], "text": row["text"], "lang": row["lang"], "area": "read", "label": label,
                       "emotion": emotion, "kind": kind, "ironic": ironic == "1", "toward": said}
