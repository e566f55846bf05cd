"""Noise for training texts: what posts look like when they are written in haste, in the other script, or without emoji."""

import random
import re

from opencc import OpenCC

EMOJI = re.compile(r"\[[^\[\]\s]{1,8}\]|[\U0001F000-\U0001FAFF\u2600-\u27BF\uFE0F\u200D]")
TRADITIONAL = OpenCC("s2t")
TYPED = re.compile(r"[\U0001F300-\U0001F64F\U0001F680-\U0001FAFF\u2600-\u27BF]\uFE0F?")
OTHER_EMOJI = list("😭😂🤣💀🙏✨🔥👀😅🙃🫠😤🥲🥹😩👏💅🤡😍🙄😮📦☕🐶🎉")
SHARES = {"emoji": 0.1, "traditional": 0.04, "noise": 0.05, "deletion": 0.08}


def swap_or_drop(text: str, rng: random.Random) -> str:
    """Exchanges two neighbouring characters, or drops one, at one place in forty."""
    chars = list(text)
    for _ in range(max(1, len(chars) // 40)):
        at = rng.randrange(max(1, len(chars) - 1))
        chars[at:at + 2] = chars[at:at + 2][::-1] if rng.random() < 0.5 else chars[at + 1:at + 2]
    return "".join(chars)


def other_emoji(text: str, rng: random.Random) -> str:
    """Drops a text's emoji, or exchanges them for any others."""
    dice = rng.random()
    if dice < 0.6:
        return text
    changed = TYPED.sub(lambda _: rng.choice(OTHER_EMOJI), text) if dice < 0.75 else EMOJI.sub("", text)
    return changed if changed.strip() else text


def haste(text: str, zh: bool, rng: random.Random) -> str:
    """Returns a text now and then in the other script or with slips, but with all its words."""
    if zh and rng.random() < SHARES["traditional"]:
        text = TRADITIONAL.convert(text)
    return swap_or_drop(text, rng) if rng.random() < SHARES["noise"] and len(text) > 20 else text


def delete(text: str, zh: bool, rng: random.Random) -> str:
    """Drops one unit in ten: characters of Chinese, words of English."""
    units, gap = (list(text), "") if zh else (text.split(" "), " ")
    return gap.join(u for u in units if rng.random() >= 0.1)


def augment(text: str, zh: bool, rng: random.Random) -> str:
    """Returns a text with the changes that the shares choose, or as it was if nothing would be left."""
    changed = text
    if rng.random() < SHARES["emoji"]:
        changed = EMOJI.sub("", changed)
    if zh and rng.random() < SHARES["traditional"]:
        changed = TRADITIONAL.convert(changed)
    if rng.random() < SHARES["noise"]:
        changed = swap_or_drop(changed, rng)
    if rng.random() < SHARES["deletion"]:
        changed = delete(changed, zh, rng)
    return changed if changed.strip() else text
