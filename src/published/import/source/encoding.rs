//! The encoding of a text file: told from its bytes, and decoded to UTF-8 as it is read.

use std::io::{self, BufRead, Read};

use encoding_rs::{Decoder, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes that are looked at for marks and zeros.
const HEAD: usize = 4 << 10;
/// Bytes that are read and decoded at a time.
const CHUNK: usize = 64 << 10;

/// What a file's bytes are.
#[derive(Debug, Clone, Copy)]
pub struct Detected {
    pub encoding: &'static Encoding,
    /// Places that are damaged: they are read as U+FFFD.
    pub damaged: u64,
}

/// Tells UTF-8, UTF-16 and GB18030 apart; `None` if the bytes are none of them. Reads all of it.
pub fn detect(mut file: impl Read) -> io::Result<Option<Detected>> {
    let mut head = Vec::with_capacity(HEAD);
    file.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    let whole = |encoding| {
        Some(Detected {
            encoding,
            damaged: 0,
        })
    };
    if let Some((encoding, _)) = Encoding::for_bom(&head)
        && encoding != UTF_8
    {
        return Ok(whole(encoding));
    }
    if let Some(encoding) = utf16_without_mark(&head) {
        return Ok(whole(encoding));
    }
    let mut utf8 = Utf8Count::default();
    let mut gb18030 = GB18030.new_decoder();
    let (mut is_ascii, mut is_gb18030) = (true, true);
    let mut text = String::with_capacity(2 * CHUNK);
    let mut chunk = head;
    loop {
        let last = chunk.is_empty();
        utf8.add(&chunk);
        is_ascii &= chunk.is_ascii();
        if is_gb18030 && !is_ascii {
            text.clear();
            text.reserve(gb18030.max_utf8_buffer_length(chunk.len()).unwrap_or(0));
            let (.., damaged) = gb18030.decode_to_string(&chunk, &mut text, last);
            is_gb18030 = !damaged;
        }
        if last {
            break;
        }
        chunk.clear();
        file.by_ref().take(CHUNK as u64).read_to_end(&mut chunk)?;
    }
    let damaged = utf8.damaged + u64::from(!utf8.cut.is_empty());
    // Chinese in GB18030 is now and then valid UTF-8 by chance, one time in eight.
    Ok(if damaged <= utf8.wide / 4 {
        Some(Detected {
            encoding: UTF_8,
            damaged,
        })
    } else if is_gb18030 {
        whole(GB18030)
    } else {
        None
    })
}

/// UTF-16 of which most characters are ASCII, as commas and digits of a table are.
fn utf16_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let zeros = |odd: usize| {
        head.iter()
            .skip(odd)
            .step_by(2)
            .filter(|&&b| b == 0)
            .count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let many = (head.len() / 8).max(2);
    if odd >= many && odd > 4 * even {
        Some(UTF_16LE)
    } else if even >= many && even > 4 * odd {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Counts characters of more than one byte, and bytes that are no UTF-8.
#[derive(Default)]
struct Utf8Count {
    wide: u64,
    damaged: u64,
    /// The begin of a character that the next chunk ends.
    cut: Vec<u8>,
}

impl Utf8Count {
    fn add(&mut self, chunk: &[u8]) {
        let joined;
        let mut rest = if self.cut.is_empty() {
            chunk
        } else if chunk.is_empty() {
            return;
        } else {
            self.cut.extend(chunk);
            joined = std::mem::take(&mut self.cut);
            &joined
        };
        loop {
            let error = match std::str::from_utf8(rest) {
                Ok(_) => {
                    self.wide += wide(rest);
                    return;
                }
                Err(error) => error,
            };
            let (good, bad) = rest.split_at(error.valid_up_to());
            self.wide += wide(good);
            let Some(length) = error.error_len() else {
                self.cut = bad.to_vec();
                return;
            };
            self.damaged += 1;
            rest = &bad[length..];
        }
    }
}

fn wide(utf8: &[u8]) -> u64 {
    utf8.iter().filter(|&&b| b >= 0xc0).count() as u64
}

/// Reads bytes of any encoding as UTF-8, without the mark at their begin.
pub struct Decoded<R> {
    inner: R,
    decoder: Decoder,
    input: Box<[u8]>,
    /// Bytes of `input` that are still to be decoded.
    waiting: std::ops::Range<usize>,
    output: Box<[u8]>,
    /// Bytes of `output` that nobody has consumed.
    ready: std::ops::Range<usize>,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    pub fn new(inner: R, encoding: &'static Encoding) -> Self {
        Decoded {
            inner,
            decoder: encoding.new_decoder_with_bom_removal(),
            input: vec![0; CHUNK].into(),
            waiting: 0..0,
            // Three bytes for every byte of input is the most that any encoding grows to.
            output: vec![0; 3 * CHUNK + 16].into(),
            ready: 0..0,
            ended: false,
        }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let length = ready.len().min(into.len());
        into[..length].copy_from_slice(&ready[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl<R: Read> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.ready.is_empty() && !self.ended {
            if self.waiting.is_empty() {
                let length = loop {
                    match self.inner.read(&mut self.input) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        other => break other?,
                    }
                };
                self.waiting = 0..length;
                self.ended = length == 0;
            }
            let input = &self.input[self.waiting.clone()];
            let (_, used, written, _) =
                self.decoder
                    .decode_to_utf8(input, &mut self.output, self.ended);
            self.waiting.start += used;
            self.ready = 0..written;
        }
        Ok(&self.output[self.ready.clone()])
    }

    fn consume(&mut self, amount: usize) {
        self.ready.start = (self.ready.start + amount).min(self.ready.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "id,内容\r\n1,求链接😀，哪家店？\r\n2,避雷，穿两次就开胶\r\n";

    fn read(bytes: &[u8]) -> (String, &'static str, u64) {
        let found = detect(bytes).unwrap().unwrap();
        let mut text = String::new();
        Decoded::new(bytes, found.encoding)
            .read_to_string(&mut text)
            .unwrap();
        (text, found.encoding.name(), found.damaged)
    }

    fn utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes_of).collect()
    }

    #[test]
    fn every_encoding_is_told_from_its_bytes() {
        let gb18030 = GB18030.encode(TEXT).0.into_owned();
        let little = utf16(TEXT, u16::to_le_bytes);
        let big = utf16(TEXT, u16::to_be_bytes);
        for (bytes, name) in [
            (TEXT.as_bytes().to_vec(), "UTF-8"),
            ([b"\xef\xbb\xbf", TEXT.as_bytes()].concat(), "UTF-8"),
            (gb18030, "gb18030"),
            ([b"\xff\xfe", &*little].concat(), "UTF-16LE"),
            ([b"\xfe\xff", &*big].concat(), "UTF-16BE"),
            (little, "UTF-16LE"),
            (big, "UTF-16BE"),
        ] {
            assert_eq!(read(&bytes), (TEXT.to_owned(), name, 0));
        }
        assert_eq!(read(b"").1, "UTF-8");
    }

    #[test]
    fn damage_in_utf8_is_not_taken_for_another_encoding() {
        let mut bytes = TEXT.as_bytes().to_vec();
        // The second byte of a character.
        bytes[4] = b'x';
        let (text, name, damaged) = read(&bytes);
        assert_eq!((name, damaged > 0), ("UTF-8", true));
        assert!(text.contains('\u{fffd}') && text.contains("求链接"));
        // A crawler that was ended in the middle of a character.
        let cut = &TEXT.as_bytes()[..TEXT.len() - 3];
        assert_eq!(read(cut).1, "UTF-8");
    }

    #[test]
    fn bytes_of_no_encoding_are_refused() {
        assert!(detect(&b"caf\xe9,\x80\xff\xff\xff"[..]).unwrap().is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn long_texts_survive_the_ends_of_chunks(filler in 0..8usize, times in 1..6_000usize) {
            let text = "x".repeat(filler) + &"价：求😀a".repeat(times);
            prop_assert_eq!(read(text.as_bytes()).0, text.clone());
            let encoded = GB18030.encode(&text).0;
            prop_assert_eq!(read(&encoded).0, text);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(found) = detect(&*bytes).unwrap() {
                Decoded::new(&*bytes, found.encoding).read_to_end(&mut Vec::new()).unwrap();
            }
        }
    }
}
