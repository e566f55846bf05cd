//! The `bsmv` command: shells round the library's core.

mod cli;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod store;
#[cfg(feature = "train")]
mod train;

fn main() -> std::process::ExitCode {
    cli::main()
}
