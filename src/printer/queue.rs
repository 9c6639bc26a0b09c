//! CUPS by its command line, for queues that IPP does not reach here: `lp` hands a job
//! in, `lpstat` says what is known. The only programs that custody starts; their names
//! are fixed, their arguments are built from checked values, and no shell is involved.

use std::io::{Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Delivery, Look, Outgoing, Patience, SendError};
use crate::model::printable::printable;

/// Most bytes read of what a program says.
const SAID_MAX: u64 = 64 << 10;

/// The programs.
#[derive(Clone, Copy)]
enum Program {
    Lp,
    Lpstat,
}

impl Program {
    fn name(self) -> &'static str {
        match self {
            Program::Lp => "lp",
            Program::Lpstat => "lpstat",
        }
    }
}

/// What a program said.
struct Said {
    fine: bool,
    out: String,
    err: String,
}

/// Why a program said nothing.
enum Silent {
    /// It is not there.
    Missing,
    /// It did not end in time, or broke.
    Unclear(String),
}

/// Whether CUPS's command line is installed.
pub(super) fn is_here() -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(Program::Lp.name()).is_file())
    })
}

/// Runs a program with `input`, for at most `limit`.
fn run(
    program: Program,
    arguments: &[&str],
    input: &[u8],
    limit: Duration,
) -> Result<Said, Silent> {
    let mut command = Command::new(program.name());
    // Its messages are read by this program, so they are wanted in one language.
    command.args(arguments).env("LC_ALL", "C").stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Silent::Missing,
        _ => Silent::Unclear(error.to_string()),
    })?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    // Threads, because a program may wait for its input to be taken while its output
    // is full; they end when the program does, or when it is ended below.
    let ended = std::thread::scope(|scope| {
        scope.spawn(move || {
            if let Some(mut stdin) = stdin {
                let _ = stdin.write_all(input);
            }
        });
        let out = scope.spawn(move || bounded(stdout));
        let err = scope.spawn(move || bounded(stderr));
        let fine = wait(&mut child, limit);
        let out = out.join().unwrap_or_default();
        let err = err.join().unwrap_or_default();
        fine.map(|fine| Said { fine, out, err })
    });
    ended.ok_or_else(|| Silent::Unclear(format!("{} did not end in time", program.name())))
}

fn bounded(from: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        let _ = from.take(SAID_MAX).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn wait(child: &mut Child, limit: Duration) -> Option<bool> {
    let begun = Instant::now();
    while begun.elapsed() < limit {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Err(_) => break,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// Hands a job to a queue.
pub(super) fn send(
    queue: &str,
    out: Outgoing<'_>,
    patience: Patience,
) -> Result<Delivery, SendError> {
    let (copies, title) = (out.job.copies.to_string(), out.title());
    let mut arguments = vec!["-d", queue, "-n", &copies, "-t", &title];
    if out.job.format.is_raw() {
        arguments.extend(["-o", "raw"]);
    }
    let limit = patience.connect + patience.answer;
    let said = match run(Program::Lp, &arguments, &out.job.bytes, limit) {
        Ok(said) => said,
        Err(Silent::Missing) => {
            let address = format!("lp:{queue}");
            let why = "no CUPS listens here, and there is no program 'lp'".to_owned();
            return Err(SendError::NotReached { address, why });
        }
        Err(Silent::Unclear(why)) => return Err(SendError::Unanswered(why)),
    };
    if !said.fine {
        let why = printable(said.err.lines().next().unwrap_or("lp failed"), 200);
        return Err(SendError::Refused(why));
    }
    let number = job_number(&said.out, queue)
        .ok_or_else(|| SendError::Unanswered("lp names no job".to_owned()))?;
    Ok(settle(number, patience))
}

/// `request id is office-17 (1 file(s))`
fn job_number(said: &str, queue: &str) -> Option<String> {
    let found = said.split_whitespace().find_map(|word| {
        let digits = word.strip_prefix(queue)?.strip_prefix('-')?;
        let sound = (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        sound.then(|| word.to_owned())
    });
    found.filter(|word| word.len() <= 160)
}

fn settle(number: String, patience: Patience) -> Delivery {
    let begun = Instant::now();
    loop {
        if let Ok(Delivery::Printed) = follow(&number, patience) {
            return Delivery::Printed;
        }
        if begun.elapsed() >= patience.finish {
            return Delivery::Accepted { number, says: Vec::new() };
        }
        std::thread::sleep(Duration::from_millis(250));
    }
}

/// Whether a job is still in its queue. `lpstat` does not tell a printed job from one
/// that was cancelled: what has left the queue counts as printed.
pub(super) fn follow(number: &str, patience: Patience) -> Result<Delivery, SendError> {
    let limit = patience.answer;
    let (queue, _) = number.rsplit_once('-').unwrap_or((number, ""));
    let said = run(Program::Lpstat, &["-W", "not-completed", "-o", queue], &[], limit);
    match said {
        Ok(said) if said.fine => {
            let waits = said.out.lines().any(|line| line.split_whitespace().next() == Some(number));
            Ok(match waits {
                true => Delivery::Accepted { number: number.to_owned(), says: Vec::new() },
                false => Delivery::Printed,
            })
        }
        Ok(said) => {
            let why = printable(said.err.lines().next().unwrap_or("lpstat failed"), 200);
            Err(SendError::NotReached { address: format!("lp:{queue}"), why })
        }
        Err(Silent::Missing) => Err(SendError::NotReached {
            address: format!("lp:{queue}"),
            why: "there is no program 'lpstat'".to_owned(),
        }),
        Err(Silent::Unclear(why)) => {
            Err(SendError::NotReached { address: format!("lp:{queue}"), why })
        }
    }
}

/// Whether CUPS knows the queue.
pub(super) fn look(queue: &str, patience: Patience) -> Look {
    match run(Program::Lpstat, &["-p", queue], &[], patience.answer) {
        Ok(said) if said.fine => {
            let first = said.out.lines().next().unwrap_or_default();
            Look { answers: true, says: vec![printable(first, 200)] }
        }
        Ok(_) => Look { answers: false, says: vec!["CUPS does not know this queue".to_owned()] },
        Err(Silent::Missing) => {
            Look { answers: false, says: vec!["there is no CUPS on this computer".to_owned()] }
        }
        Err(Silent::Unclear(why)) => Look { answers: false, says: vec![why] },
    }
}

/// The queues that `lpstat` knows.
pub(super) fn queues(patience: Patience) -> Vec<String> {
    let Ok(said) = run(Program::Lpstat, &["-e"], &[], patience.connect) else { return Vec::new() };
    let names = said.out.lines().map(str::trim).take(100);
    let sound = |name: &&str| format!("lp:{name}").parse::<super::Address>().is_ok();
    names.filter(sound).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::job_number;

    #[test]
    fn the_number_of_a_job_is_read_or_not() {
        let read = |said: &str| job_number(said, "office-2");
        assert_eq!(read("request id is office-2-17 (1 file(s))").as_deref(), Some("office-2-17"));
        for other in
            ["", "request id is other-17", "office-2-", "office-2-x", "office-2-1234567890"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
