//! Options of several verbs that read files.

use std::path::{Path, PathBuf};

use bsmv::published::import::offset;
use encoding_rs::Encoding;
use time::UtcOffset;

/// The folder of a store's jobs, if nobody names another.
pub fn jobs_beside(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".jobs");
    name.into()
}

/// Reads an offset such as `+08:00`.
pub fn read_offset(text: &str) -> Result<UtcOffset, String> {
    offset(text).ok_or_else(|| "use an offset such as +08:00".to_owned())
}

/// Reads the name of an encoding.
pub fn read_encoding(label: &str) -> Result<&'static Encoding, String> {
    let known = Encoding::for_label(label.as_bytes());
    known.ok_or_else(|| "use a name such as utf-8, gb18030, big5 or utf-16le".to_owned())
}
