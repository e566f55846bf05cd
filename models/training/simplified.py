"""Writes src/text/simplified.txt: each traditional character and what simplified Chinese writes for it, by OpenCC's
table of characters (Apache-2.0). Left out is what simplified texts use themselves, such as 乾 in 乾隆."""

from pathlib import Path

from opencc import OpenCC

# GB 2312 has these, but among the training sets' simplified texts they stand for 后, 伙, 于 and 么 only.
TRADITIONAL_ALL_THE_SAME = "後夥於麽"
HAN = range(0x3400, 0xA000)  # three bytes each in UTF-8: what is read keeps its length


def in_simplified_use(character: str) -> bool:
    """Whether GB 2312, the set of simplified characters, has it."""
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return character not in TRADITIONAL_ALL_THE_SAME


def main() -> None:
    convert = OpenCC("t2s").convert
    read = {a: convert(a) for a in map(chr, HAN) if not in_simplified_use(a)}
    read = {a: b for a, b in read.items() if a != b and len(b) == 1 and ord(b) in HAN}
    # Reading twice must change nothing.
    lines = [f"{a}{read.get(b, b)}\n" for a, b in read.items()]
    path = Path(__file__).parents[2] / "src/text/simplified.txt"
    path.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
