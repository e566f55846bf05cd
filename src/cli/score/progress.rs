//! How far a long run is, on standard error.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a line is written where no terminal shows the bar.
const EVERY: Duration = Duration::from_secs(10);

/// A bar on a terminal, a line now and then elsewhere.
pub struct Progress {
    bar: ProgressBar,
    is_shown: bool,
    told: Instant,
}

impl Progress {
    /// Begins after `done` of `rows`.
    pub fn new(rows: u64, done: u64) -> Self {
        let is_shown = stderr().is_terminal();
        let target = match is_shown {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(rows), target);
        let style = "{wide_bar} {human_pos} of {human_len} rows, {per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        bar.set_position(done);
        bar.reset_eta();
        Progress {
            bar,
            is_shown,
            told: Instant::now(),
        }
    }

    /// So many rows are done.
    pub fn at(&mut self, done: u64) {
        self.bar.set_position(done);
        if self.is_shown || self.told.elapsed() < EVERY {
            return;
        }
        self.told = Instant::now();
        let rows = self.bar.length().unwrap_or(done);
        let left = HumanDuration(self.bar.eta());
        let rate = self.bar.per_sec();
        eprintln!("bsmv: {done} of {rows} rows, {rate:.0} a second, {left} left");
    }

    /// All are done.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
