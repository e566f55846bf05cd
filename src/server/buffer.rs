//! A body while it comes in.

use axum::body::Bytes;
use memmap2::MmapMut;

use super::error::Failure;
use super::work::SMALL;

/// Bytes that become more. Many are kept in pages of their own, which go back to the system as soon
/// as they are done with: an allocator that serves many threads keeps a good part of what large
/// bodies took, and a server under attack grew by it.
pub enum Buffer {
    /// At most [`SMALL`] bytes.
    Small(Vec<u8>),
    /// More of them, and how many bytes of the pages are in use.
    Large { pages: MmapMut, used: usize },
}

impl Buffer {
    /// A buffer with nothing in it.
    pub fn new() -> Self {
        Buffer::Small(Vec::new())
    }

    /// Bytes that it holds.
    pub fn len(&self) -> usize {
        self.as_ref().len()
    }

    /// Bytes of memory that it takes once it holds `more` bytes more.
    pub fn size_with(&self, more: usize) -> usize {
        let length = self.len() + more;
        match self {
            Buffer::Small(_) if length <= SMALL => length,
            Buffer::Large { pages, .. } if length <= pages.len() => pages.len(),
            _ => length.next_power_of_two(),
        }
    }

    /// Takes more bytes.
    ///
    /// # Errors
    /// [`Failure::Overloaded`] when the system has no memory for them; nothing is lost.
    pub fn extend(&mut self, more: &[u8]) -> Result<(), Failure> {
        let used = self.len();
        let length = used + more.len();
        match self {
            Buffer::Small(bytes) if length <= SMALL => bytes.extend_from_slice(more),
            Buffer::Large { pages, used } if length <= pages.len() => {
                pages[*used..length].copy_from_slice(more);
                *used = length;
            }
            _ => {
                let size = self.size_with(more.len());
                let mut pages = MmapMut::map_anon(size).map_err(|_| Failure::Overloaded)?;
                pages[..used].copy_from_slice(self.as_ref());
                pages[used..length].copy_from_slice(more);
                *self = Buffer::Large {
                    pages,
                    used: length,
                };
            }
        }
        Ok(())
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        match self {
            Buffer::Small(bytes) => bytes,
            Buffer::Large { pages, used } => &pages[..*used],
        }
    }
}

impl From<Buffer> for Bytes {
    fn from(buffer: Buffer) -> Self {
        match buffer {
            Buffer::Small(bytes) => bytes.into(),
            large => Bytes::from_owner(large),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_in_comes_out_however_it_is_cut() {
        let all: Vec<u8> = (0..3 * SMALL + 7).map(|i| (i % 251) as u8).collect();
        for part in [1, 1_000, SMALL, SMALL + 1, all.len()] {
            let mut buffer = Buffer::new();
            for more in all.chunks(part) {
                let size = buffer.size_with(more.len());
                assert!(buffer.extend(more).is_ok());
                assert_eq!(buffer.size_with(0), size);
                assert!((buffer.len()..=2 * buffer.len()).contains(&size));
            }
            assert_eq!(&Bytes::from(buffer)[..], all, "{part} at a time");
        }
        assert!(Bytes::from(Buffer::new()).is_empty());
    }
}
