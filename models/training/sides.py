"""How a text is read for what it says of a name: the name is marked where it stands."""

import random
import re

MARK = "§"  # stands for the name that is asked about; a piece of its own, and rare
FORMS = ("marked", "wrapped", "named")


def pattern(name: str) -> re.Pattern:
    """Matches a name in any case, but not within a longer word or number of Latin letters."""
    before = r"(?<![A-Za-z0-9])" if name[:1].isascii() and name[:1].isalnum() else ""
    after = r"(?![A-Za-z0-9])" if name[-1:].isascii() and name[-1:].isalnum() else ""
    return re.compile(before + re.escape(name) + after, re.IGNORECASE)


def read_for(name: str, text: str, form: str = "marked") -> str:
    """Returns a cleaned text as it is read for what it says of a name; one that doesn't have the name is led by it."""
    name, text = name.strip().lstrip("#@"), text.replace(MARK, " ")
    if form == "named" or not name or not pattern(name).search(text):
        return f"{name} → {text}"
    if form == "wrapped":
        return pattern(name).sub(lambda m: f"{MARK}{m[0]}{MARK}", text)
    return f"{MARK} → {pattern(name).sub(MARK, text)}"


def exchange(text: str, names: dict[str, str]) -> str:
    """Puts for each name the one it is to give way to, all at once, so that two can change places."""
    if not names:
        return text
    order = sorted(names, key=len, reverse=True)
    every = re.compile("|".join(f"(?:{pattern(n).pattern})" for n in order), re.IGNORECASE)
    lower = {n.lower(): other for n, other in names.items()}
    return every.sub(lambda m: lower[m[0].lower()], text)


def rotate(names: list[str], rng: random.Random) -> dict[str, str]:
    """Lets each of several names stand where another stood."""
    if len(names) < 2:
        return {}
    start = rng.randrange(1, len(names))
    return {n: names[(i + start) % len(names)] for i, n in enumerate(names)}
