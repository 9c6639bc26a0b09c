//! The `custody` program.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    media_custody::cli::run()
}
