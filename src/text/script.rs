//! The two scripts of Chinese, read as one.

/// A line of seven bytes each: a traditional character, the simplified one, a line end; sorted by
/// the first. Made from OpenCC's table by `models/training/simplified.py`.
const PAIRS: &[u8] = include_bytes!("simplified.txt");

/// The simplified form of a traditional Chinese character; any other character as it is.
/// Both take as many bytes.
///
/// Character by character, so it never says which of several traditional words was meant, and it
/// leaves alone the characters that simplified texts use themselves (著 in 著名, 乾 in 乾隆).
pub fn simplified(c: char) -> char {
    let mut buffer = [0; 4];
    let bytes = c.encode_utf8(&mut buffer).as_bytes();
    let (pairs, _) = PAIRS.as_chunks::<7>();
    let Ok(at) = pairs.binary_search_by(|pair| pair[..3].cmp(bytes)) else {
        return c;
    };
    let simplified = str::from_utf8(&pairs[at][3..6]).ok();
    simplified.and_then(|s| s.chars().next()).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        text.chars().map(simplified).collect()
    }

    #[test]
    fn the_table_is_sorted_pairs_that_change_once() {
        let text = str::from_utf8(PAIRS).unwrap();
        let mut last = '\0';
        for line in text.lines() {
            let [from, to] = line.chars().collect::<Vec<_>>()[..] else {
                panic!("{line} is not a pair");
            };
            assert!(last < from, "{from} is out of place");
            assert_eq!((from.len_utf8(), to.len_utf8()), (3, 3), "{line}");
            assert_eq!((simplified(from), simplified(to)), (to, to), "{line}");
            last = from;
        }
        assert_eq!(text.lines().count(), PAIRS.len() / 7);
    }

    #[test]
    fn traditional_reads_as_simplified() {
        for (traditional, expected) in [
            ("愛奇藝會員真的沒什麼用", "爱奇艺会员真的没什么用"),
            ("後來於是買了這款麵霜", "后来于是买了这款面霜"),
            ("臺灣門店裡只剩一隻", "台湾门店里只剩一只"),
            ("已经是简体：著名的乾隆年间", "已经是简体：著名的乾隆年间"),
            ("iPhone 很好 😀", "iPhone 很好 😀"),
            ("東京のラーメン", "东京のラーメン"),
        ] {
            assert_eq!(read(traditional), expected);
        }
    }
}
