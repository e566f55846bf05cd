"""Exchanges words that must not decide what a text is worth: who speaks, where from, which brand."""

import json
import random
import re
from pathlib import Path

WORDS = json.loads((Path(__file__).parent / "exchange.json").read_text(encoding="utf-8"))
PERSONS = 0.5  # share of the texts with such words whose words are exchanged
SPEAKERS = 0.06  # share of texts that are put into somebody's mouth
BRANDS = 0.35  # share of texts whose brand gives way to another


def _pattern(lists: list[list[str]], zh: bool) -> re.Pattern:
    words = "|".join(sorted((re.escape(w) for words in lists for w in words), key=len, reverse=True))
    return re.compile(words if zh else rf"\b(?:{words})\b")


PATTERNS = {language: _pattern(WORDS[language]["lists"], language == "zh") for language in ("en", "zh")}
OTHERS = {language: {w: words for words in WORDS[language]["lists"] for w in words} for language in ("en", "zh")}


def persons(text: str, zh: bool, rng: random.Random) -> str:
    """Puts other persons in the place of those a text names, and now and then a speaker before it."""
    language = "zh" if zh else "en"
    if rng.random() < PERSONS:
        text = PATTERNS[language].sub(lambda m: rng.choice(OTHERS[language][m[0]]), text)
    if rng.random() < SPEAKERS:
        long = [words for words in WORDS[language]["lists"] if len(words) > 2]
        speaker = rng.choice(WORDS[language]["persons"]).format(*map(rng.choice, long))
        text = rng.choice(WORDS[language]["says"]).format(x=speaker, text=text)
    return text


def brand(name: str, text: str, names: list[str], rng: random.Random) -> tuple[str, str]:
    """Returns a brand's name and a text in which another brand has taken its place, or both as they were."""
    if rng.random() >= BRANDS or name.lower() not in text.lower():
        return name, text
    other = rng.choice(names)
    return other, re.sub(re.escape(name), lambda _: other, text, flags=re.IGNORECASE)
