"""What a comment or post wants, as weak labels: by the kind it was given, and by patterns that are seldom wrong.

Run alone it writes the labelled texts, cleaned, for `bsmv train wants`.
"""

import argparse
import json
import re
from pathlib import Path

import data

WANTS = ["ask", "thanks", "resolved", "complaint", "praise", "chatter"]
SHORT = 120  # characters; a longer text has more than one thing to say
ASKS = re.compile("|".join([
    r"求(?:个)?(?:链接|色号|同款|地址|店名|型号|价格|推荐|攻略|教程|购买)", r"链接(?:呢|在哪|有吗|[??])", r"多少(?:钱|米)",
    r"什么(?:色号|牌子|型号|链接|价)", r"(?:哪里|哪儿|哪能|在哪|怎么)(?:可以)?(?:能)?买", r"有(?:货|码|链接|优惠)吗",
    r"蹲(?:一个|个|链接|价格|测评)", r"想(?:买|入手)", r"种草了", r"已加购", r"价格[??]",
    r"\b(?:link|price|shade|size|colou?r|details?)\s*(?:pls|plz|please|\?)",
    r"\bwhere (?:can|do|did) (?:i|you|u|we) (?:get|buy|find|order)", r"\bhow much (?:is|are|does|for)\b",
    r"\bwhat (?:size|shade|colou?r|brand) (?:is|are|do)", r"\btake my money\b",
    r"\bis (?:it|this|that) (?:still )?(?:available|in stock)",
    r"\b(?:do|does) (?:you|it|this|they) (?:ship|come in|fit|take|sell)\b",
    r"\bi need (?:this|one|these|it)\b", r"\bneed\. want\.",
]), re.IGNORECASE)
RESOLVED = re.compile("|".join([
    r"(?:已经?|都|终于|总算)(?:解决|处理好|修好|退款|退了|到账|补发|收到)", r"解决了", r"退款(?:到了|收到了|成功)", r"问题(?:没了|好了)",
    r"\b(?:all |now |got it )?(?:sorted|resolved|fixed)\b", r"\brefund (?:came|arrived|received|went)", r"\bworks (?:again|now)\b",
]), re.IGNORECASE)
THANKS = re.compile(
    r"^(?:@user |@\w+ )*(?:ok(?:ay)? |great,? |好的[,,!! ]*|收到[,,!! ]*)?(?:thank(?:s| you)|thx|ty\b|谢谢|感谢|多谢|谢啦)",
    re.IGNORECASE)
QUESTION = re.compile(r"[??]|吗|呢|求|\b(?:anyone|how|what|where|which|does|is there)\b", re.IGNORECASE)


def by_words(text: str, label: str | None) -> str | None:
    """Returns what a short text wants where its words leave little doubt."""
    if len(text) > SHORT:
        return None
    if ASKS.search(text) and label != "neg":
        return "ask"
    if label == "pos" and RESOLVED.search(text):
        return "resolved"
    return "thanks" if THANKS.search(text) and label != "neg" else None


def of_own(row: dict) -> str | None:
    """Returns what one of our own posts wants; those that sell or announce want none of this."""
    found = by_words(row["text"], row["label"])
    if found:
        return found
    kind, label = row["kind"], row["label"]
    if kind == "question":
        return "ask" if label != "neg" and QUESTION.search(row["text"]) else None
    if kind == "complaint" or (label == "neg" and kind in ("real_use", "comparison", "recommendation")):
        return "complaint"
    if label == "pos" and kind in ("real_use", "recommendation", "fan_talk"):
        return "praise"
    return "chatter" if kind in ("everyday", "other") and label == "neu" else None


def of_real(name: str, row: dict) -> str | None:
    """Returns what a labelled real text wants: reviews blame or praise, tweets at companies also ask and thank."""
    label = row.get("label")
    if name == "zh_review_sentiment":
        return {"neg": "complaint", "pos": "praise"}.get(label) if len(row["text"]) <= SHORT else None
    if name == "en_brand_sentiment" and row["src"] == "crowdflower_airline":
        found = by_words(row["text"], label)
        if found or label != "neu":
            return found or {"neg": "complaint", "pos": "praise"}.get(label)
        return "ask" if "?" in row["text"] else None
    return None


REAL = ("zh_review_sentiment", "en_brand_sentiment")
MOST = 2_000  # texts of a real set and class


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cleaner", help="program that cleans NDJSON rows with a text field")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    found = []
    for split in ("train", "valid"):
        found += [(split, row["text"], want) for row in data.rows(args.data, "own_posts", split) if (want := of_own(row))]
        for name in REAL:
            counts = dict.fromkeys(WANTS, 0)
            for row in data.rows(args.data, name, split):
                want = of_real(name, row)
                if want and counts[want] < (MOST if split == "train" else MOST // 10):
                    counts[want] += 1
                    found.append((split, row["text"], want))
    texts = data.clean([text for _, text, _ in found], args.cleaner)
    lines = [json.dumps({"split": split, "text": text, "wants": want}, ensure_ascii=False)
             for (split, _, want), text in zip(found, texts, strict=True) if text.strip()]
    args.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
