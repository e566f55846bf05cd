"""Exchanges words that must not decide what a text is worth: who speaks, how, where from, which brand."""

import json
import random
import re
from pathlib import Path

WORDS = json.loads((Path(__file__).parent / "exchange.json").read_text(encoding="utf-8"))
PERSONS = 0.5  # share of the texts with such words whose words are exchanged
SPEECH = 0.3  # share of such places in a text that are said in dialect or slang
SPEAKERS = 0.06  # share of texts that are put into somebody's mouth
BRANDS = 0.35  # share of texts whose brand gives way to another


def _pattern(lists: list[list[str]], zh: bool) -> re.Pattern:
    words = "|".join(sorted((re.escape(w) for words in lists for w in words), key=len, reverse=True))
    return re.compile(words if zh else rf"\b(?:{words})\b")


PATTERNS = {language: _pattern(WORDS[language]["lists"], language == "zh") for language in ("en", "zh")}
OTHERS = {language: {w: words for words in WORDS[language]["lists"] for w in words} for language in ("en", "zh")}
SPOKEN_AS = {language: {w: ways["as"] for ways in WORDS[language]["speech"] for w in ways["of"]}
             for language in ("en", "zh")}
PLAIN = {language: _pattern([list(words)], language == "zh") for language, words in SPOKEN_AS.items()}


def others(text: str, zh: bool, rng: random.Random) -> str:
    """Puts other persons in the place of those a text names."""
    language = "zh" if zh else "en"
    return PATTERNS[language].sub(lambda m: rng.choice(OTHERS[language][m[0]]), text)


def otherwise(text: str, zh: bool, rng: random.Random) -> str:
    """Says a part of a text's plain words in dialect or slang."""
    language = "zh" if zh else "en"
    return PLAIN[language].sub(
        lambda m: rng.choice(SPOKEN_AS[language][m[0]]) if rng.random() < SPEECH else m[0], text)


def spoken(text: str, zh: bool, rng: random.Random) -> str:
    """Puts a text into somebody's mouth."""
    words = WORDS["zh" if zh else "en"]
    speaker = rng.choice(words["persons"]).format(*map(rng.choice, (names for names in words["lists"] if len(names) > 2)))
    return rng.choice(words["says"]).format(x=speaker, text=text)


def persons(text: str, zh: bool, rng: random.Random) -> str:
    """Puts other persons in the place of those a text names, in other speech, and now and then a speaker before it."""
    if rng.random() < PERSONS:
        text = otherwise(others(text, zh, rng), zh, rng)
    return spoken(text, zh, rng) if rng.random() < SPEAKERS else text


def brand(name: str, text: str, names: list[str], rng: random.Random) -> tuple[str, str]:
    """Returns a brand's name and a text in which another brand has taken its place, or both as they were."""
    if rng.random() >= BRANDS or name.lower() not in text.lower():
        return name, text
    other = rng.choice(names)
    return other, re.sub(re.escape(name), lambda _: other, text, flags=re.IGNORECASE)
