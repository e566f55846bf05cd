//! What an import came to, in words.

use std::collections::BTreeSet;
use std::fmt;

/// Refused rows that are shown; the rest are counted.
const SHOWN: usize = 20;

/// Counts of an import.
#[derive(Debug, Default)]
pub struct Tally {
    /// Rows of the file that aren't empty.
    pub rows: u64,
    /// Posts of which something was read.
    pub posts: u64,
    /// Events that are new to the store.
    pub added: u64,
    /// Events that were there already.
    pub known: u64,
    /// Events that were counted at 0, since they come a little before their post.
    pub early: u64,
    /// Events left out since they come long before their post.
    pub before: u64,
    /// The first of them, with its place.
    pub first_before: Option<String>,
    /// Events of posts that aren't known, and those posts.
    pub strays: u64,
    pub strange_posts: u64,
    /// Reposts whose text has a chain of names, and those whose parent was found by one.
    pub chains: u64,
    pub parents: u64,
    /// Places that are no text.
    pub damaged: u64,
    /// True if nothing was stored on purpose.
    pub dry_run: bool,
    programs: Vec<String>,
    unused: BTreeSet<String>,
    notes: BTreeSet<String>,
    refused: u64,
    first_refused: Vec<String>,
}

impl Tally {
    /// Notes which program wrote a part of the file.
    pub fn read_as(&mut self, program: &str, kind: &str) {
        let words = format!("{program} ({kind})");
        if !self.programs.contains(&words) {
            self.programs.push(words);
        }
    }

    /// Counts a row that can't be read.
    pub fn refuse(&mut self, error: impl fmt::Display) {
        self.refused += 1;
        if self.first_refused.len() < SHOWN {
            self.first_refused.push(error.to_string());
        }
    }

    /// Notes columns of which nothing is read.
    pub fn not_used(&mut self, columns: Vec<String>) {
        self.unused.extend(columns);
    }

    /// Notes something once.
    pub fn note(&mut self, words: impl Into<String>) {
        self.notes.insert(words.into());
    }

    /// A line for each refused row, and one for those that aren't shown.
    pub fn refused(&self) -> impl Iterator<Item = String> {
        let rest = self.refused - self.first_refused.len() as u64;
        let rest = (rest > 0).then(|| format!("and {rest} more rows that were left out"));
        self.first_refused.iter().cloned().chain(rest)
    }

    /// True if all rows were taken, or left out for a reason that is no mistake.
    pub fn is_complete(&self) -> bool {
        let nothing = self.posts == 0 && self.strays > 0;
        self.refused == 0 && !nothing
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let dry = if self.dry_run {
            "dry run, nothing stored: "
        } else {
            ""
        };
        writeln!(
            out,
            "{dry}{} posts, {} events added, {} known already",
            self.posts, self.added, self.known
        )?;
        for program in &self.programs {
            writeln!(out, "read as {program}")?;
        }
        if !self.programs.is_empty() {
            writeln!(
                out,
                "{} rows, {} of them left out",
                self.rows,
                self.left_out()
            )?;
        }
        if !self.unused.is_empty() {
            let names: Vec<&str> = self.unused.iter().map(String::as_str).collect();
            writeln!(out, "columns not used: {}", names.join(", "))?;
        }
        if self.chains > 0 {
            let (parents, chains) = (self.parents, self.chains);
            writeln!(
                out,
                "parents found by name: {parents} of {chains} reposts with a chain"
            )?;
        }
        if self.early > 0 {
            writeln!(
                out,
                "{} events come up to 5 minutes before their post: they count at 0",
                self.early
            )?;
        }
        if self.before > 0 {
            let first = self.first_before.as_deref().unwrap_or_default();
            let before = self.before;
            writeln!(
                out,
                "{before} events left out: before their post, the first {first}"
            )?;
        }
        if self.strays > 0 {
            writeln!(
                out,
                "{} events left out: of {} posts that are neither in the file nor in the store; \
                 import those first, or name one with --id and --post",
                self.strays, self.strange_posts
            )?;
        }
        if self.damaged > 0 {
            writeln!(
                out,
                "{} places are no text: they were read as \u{fffd}",
                self.damaged
            )?;
        }
        for note in &self.notes {
            writeln!(out, "{note}")?;
        }
        Ok(())
    }
}

impl Tally {
    fn left_out(&self) -> u64 {
        self.refused + self.before + self.strays
    }
}
