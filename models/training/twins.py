"""Texts that say the same, of other people or brands or in other words, and the loss that keeps what is thought of them the same."""

import json
import random
import re
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

import augment
import data
import exchange
from batches import pad, tokenize

SHARES = {"zh_weibo_sentiment": 10_000, "zh_weibo_emotion": 10_000, "zh_review_sentiment": 10_000,
          "en_tweet_sentiment": 10_000, "en_brand_sentiment": 16_000, "en_emotion": 10_000}
LONGEST = 48  # tokens read of either text
SPOKEN = 0.4  # share of texts that two people say
TRADITIONAL = 0.25  # share of Chinese texts in traditional characters

Twins = tuple[list[int], list[int]]


def brand_names(folder: Path, models: Path) -> dict[bool, list[str]]:
    """Returns names of brands that are not held out, by whether they are Chinese: of the profiles, and in English
    those that posts are about. SemEval's targets are people and causes too."""
    profiles = json.loads((models / "brands.json").read_text(encoding="utf-8"))
    names = {b["name"] for b in profiles} | {b for row in data.rows(folder, "en_brand_sentiment", "train")
                                             if not row["src"].startswith("semeval")
                                             for b, _ in data.conditions("en_brand_sentiment", row)}
    names = {n.lstrip("@#") for n in names if not data.held_out(n)}
    return {zh: sorted(n for n in names if n.isascii() != zh) for zh in (True, False)}


def read(folder: Path, models: Path, tokenizer: Tokenizer, cleaner: str | None, seed: int,
         part: float = 1.0) -> list[Twins]:
    """Makes two of each training text that names persons or a brand, can be said otherwise, or that two people say."""
    names, texts = brand_names(folder, models), []
    for name, count in SHARES.items():
        zh, rng = name.startswith("zh_"), random.Random(f"{seed}/{name}")
        words = "|".join(re.escape(n) for n in sorted(names[zh], key=len, reverse=True))
        brand = re.compile(words if zh else rf"\b(?:{words})\b", re.IGNORECASE)
        rows, made = [row["text"] for row in data.rows(folder, name, "train")], 0
        rng.shuffle(rows)
        for text in rows:
            two = []
            speaks = rng.random() < SPOKEN
            for _ in range(2):
                other = brand.sub(lambda _, x=rng.choice(names[zh]): x, text)
                other = exchange.otherwise(exchange.others(other, zh, rng), zh, rng)
                if zh and rng.random() < TRADITIONAL:
                    other = augment.TRADITIONAL.convert(other)
                two.append(exchange.spoken(other, zh, rng) if speaks else other)
            if two[0] != two[1]:
                made += 1
                texts += two
            if made >= part * count:
                break
    ids = [i[:LONGEST] for i in tokenize(data.clean(texts, cleaner), tokenizer)]
    return [(a, b) for a, b in zip(ids[::2], ids[1::2], strict=True) if a != b]


def loss(model: torch.nn.Module, batch: list[Twins]) -> Tensor:
    """Returns how far the twins' class probabilities lie apart: total variation, mean over sentiment and emotions."""
    with torch.autocast("cpu", torch.bfloat16):
        x, y = (model.encoder(pad([two[side] for two in batch])) for side in (0, 1))
    apart = [(model.logits(task, x).softmax(-1) - model.logits(task, y).softmax(-1)).abs().sum(-1).mean() / 2
             for task in ("sentiment", "emotion", "emotion_en")]
    return torch.stack(apart).mean()
