"""Examples of the sets of today's language: our own posts, several targets, comparisons, sarcasm, what a comment wants."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

import augment
import data
import exchange
import intent
import sides
import twins
from batches import Example, tokenize

KINDS = ["real_use", "recommendation", "complaint", "disclosed_ad", "hard_ad", "brand_announcement", "giveaway", "news",
         "question", "comparison", "fan_talk", "everyday", "service_reply", "other"]
BINARY = ["no", "yes"]
POOLS = ["own_posts", "own_sides", "own_about", "en_multi_target", "en_target_twitter", "zh_sarcasm", "en_sarcasm",
         "wants"]
COPIES = 3  # forms of each of our own texts, each with other noise
RENAMED = 0.4  # share of our own texts whose brands give way to others
ROTATED = 0.5  # share of the texts with rivals in which they change places
SARCASTIC = 2  # how often a sarcastic English text counts
WANTS = {"zh_review_sentiment": 2_000, "en_brand_sentiment": 4_000}
LONG = {"positive": "pos", "negative": "neg", "neutral": "neu"}


@dataclass
class Item:
    """A text to be cleaned and tokenized, what it is read for (nothing: itself), and its targets."""

    text: str
    targets: dict[str, int]
    name: str | None = None
    form: str = "named"
    group: str = ""
    id: str = ""


def whole(row: dict, classes: dict[str, list[str]]) -> dict[str, int]:
    """Returns the targets of one of our own posts as a whole."""
    emotion = "emotion" if row["lang"] == "zh" else "emotion_en"
    feels = "neutral" if emotion == "emotion_en" and row["emotion"] == "none" else row["emotion"]
    labels = {"sentiment": row["label"], emotion: feels, "kind": row["kind"], "wants": intent.of_own(row),
              "irony": BINARY[bool(row["ironic"])]}
    found = {t: classes[t].index(label) for t, label in labels.items() if t in classes and label in classes[t]}
    if "advert" in classes and row.get("advert") is not None:
        found["advert"] = round(100 * row["advert"])
    return found


def noisy(text: str, zh: bool, rng: random.Random) -> str:
    """Returns one of our own texts with its habits broken: other emoji or none, other persons, haste; no word is left out,
    for a short text turns on each."""
    return augment.haste(augment.other_emoji(exchange.others(text, zh, rng), rng), zh, rng)


def renamed(row: dict, names: list[str], rng: random.Random) -> tuple[str, dict[str, str]]:
    """Returns the text and what it says of whom, with other brands in place of some, or its own in each other's place."""
    text, toward = row["text"], row.get("toward") or {}
    change = {}
    if rng.random() < RENAMED and toward:
        change = dict(zip(toward, rng.sample(names, len(toward)), strict=True))
    elif rng.random() < ROTATED and all(sides.pattern(n).search(text) for n in toward):
        change = sides.rotate(list(toward), rng)
    if not change or any(a != b and a in b for a in toward for b in toward):
        return text, toward
    return sides.exchange(text, change), {change[n]: label for n, label in toward.items()}


def own(rows: list[dict], classes: dict[str, list[str]], form: str, names: dict[bool, list[str]],
        noise: int | None) -> dict[str, list[Item]]:
    """Returns our own posts as wholes, read for each name that they judge, and for the brand they are about or not."""
    found: dict[str, list[Item]] = {"own_posts": [], "own_sides": [], "own_about": []}
    for copy in range(COPIES if noise is not None else 1):
        for row in rows:
            zh, rng = row["lang"] == "zh", random.Random(f"{noise}/{copy}/{row['id']}")
            group = f"{row['area']}/{row['lang']}"
            text, toward = (row["text"], row.get("toward") or {}) if noise is None else renamed(row, names[zh], rng)
            plain = text if noise is None else noisy(text, zh, rng)
            found["own_posts"].append(Item(plain, whole(row, classes), None, "", group, row["id"]))
            for name, label in toward.items():
                side = {"brand_sentiment": data.SENTIMENT.index(label)}
                found["own_sides"].append(Item(plain, side, name, form, group, row["id"]))
            if "about" in row and "about" in classes:
                said = row["text"] if noise is None else noisy(row["text"], zh, rng)
                about = {"about": int(row["about"])}
                found["own_about"].append(Item(said, about, row["brand"], "named", row["why"], row["id"]))
    return found


def others(folder: Path, split: str, classes: dict[str, list[str]], form: str) -> Iterator[tuple[str, Item]]:
    """Yields the examples of others' sets with their pools."""
    index = data.SENTIMENT.index
    for row in data.rows(folder, "en_multi_target", split):
        group = "opposite" if row["opposite"] else ""
        for t in row["targets"]:
            side = {"brand_sentiment": index(LONG[t["label"]])}
            yield "en_multi_target", Item(row["text"], side, t["target"], form, group, row["id"])
    for row in data.rows(folder, "en_target_twitter", split):
        side = {"brand_sentiment": index(row["label"])}
        yield "en_target_twitter", Item(row["text"], side, row["target"], form, "", row["id"])
    if "sarcasm" not in classes:
        return
    for name in ("zh_sarcasm", "en_sarcasm"):
        for row in data.rows(folder, name, split):
            often = SARCASTIC if row["sarcastic"] and name == "en_sarcasm" and split == "train" else 1
            for _ in range(often):
                yield name, Item(row["text"], {"sarcasm": int(row["sarcastic"])}, None, "", name, row["id"])
            if split == "train" and row.get("rephrase"):
                yield name, Item(row["rephrase"], {"sarcasm": 0}, None, "", name, row["id"])
    for name, count in WANTS.items():
        rows = [(row, want) for row in data.rows(folder, name, split) if (want := intent.of_real(name, row))]
        for row, want in random.Random(name).sample(rows, min(count if split == "train" else 200, len(rows))):
            yield "wants", Item(row["text"], {"wants": classes["wants"].index(want)}, None, "", name, row["id"])


def encode(items: list[Item], tokenizer: Tokenizer, cleaner: str | None) -> list[Example]:
    """Cleans, reads for the names, and tokenizes."""
    texts = data.clean([i.text for i in items], cleaner)
    names = iter(data.clean([i.name for i in items if i.name is not None], cleaner))
    forms = [text if i.name is None else sides.read_for(next(names), text, i.form)
             for i, text in zip(items, texts, strict=True)]
    return [Example(ids, False, i.targets, i.group, i.id)
            for i, ids in zip(items, tokenize(forms, tokenizer), strict=True)]


def read(folder: Path, models: Path, split: str, classes: dict[str, list[str]], form: str, tokenizer: Tokenizer,
         cleaner: str | None, noise: int | None) -> dict[str, list[Example]]:
    """Returns all pools of a split; `noise` seeds augmentation, None leaves it out."""
    rows = list(data.own(folder, split))
    names = twins.brand_names(folder, models)
    for row in rows:
        names[row["lang"] == "zh"] += list(row.get("toward") or {})
    pools = own(rows, classes, form, {zh: sorted(set(n)) for zh, n in names.items()}, noise)
    for name, item in others(folder, split, classes, form):
        pools.setdefault(name, []).append(item)
    return {name: [e for e in encode(items, tokenizer, cleaner) if len(e.ids) > 2]
            for name, items in pools.items() if items}

