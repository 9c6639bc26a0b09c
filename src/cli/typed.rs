//! What somebody types without its being shown: a passphrase.
//!
//! The terminal gathers the line, so that what is taken back never gets here, and gives it
//! into one buffer that is wiped. Ctrl-C is taken as the end of the line: the program ends by
//! it only when the terminal is as it was found.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Write as _};

use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

/// Longest line that a terminal gathers, in bytes, its end among them.
const LINE_MAX: usize = 4096;

/// A terminal that shows nothing, until this is dropped.
struct Hidden {
    terminal: File,
    before: Termios,
    /// What Ctrl-C sends; zero for nothing.
    interrupt: u8,
}

impl Hidden {
    fn new(terminal: File) -> std::io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut hidden = before.clone();
        let shown = LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG;
        hidden.local_modes.remove(shown);
        hidden.local_modes.insert(LocalModes::ICANON);
        // Return ends the line, and what is taken back are characters.
        hidden.input_modes.insert(InputModes::ICRNL | InputModes::IUTF8);
        let interrupt = before.special_codes[SpecialCodeIndex::VINTR];
        hidden.special_codes[SpecialCodeIndex::VEOL] = interrupt;
        tcsetattr(&terminal, OptionalActions::Now, &hidden)?;
        Ok(Hidden { terminal, before, interrupt })
    }

    /// One line; none when Ctrl-C ended it.
    fn line(&mut self) -> std::io::Result<Option<Zeroizing<Vec<u8>>>> {
        let mut line = Zeroizing::new(vec![0; LINE_MAX]);
        let mut end = 0;
        loop {
            match self.terminal.read(&mut line[end..]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => end += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            match line[..end].last() {
                Some(b'\n') => break,
                Some(last) if *last == self.interrupt && *last != 0 => return Ok(None),
                _ => {}
            }
        }
        line.truncate(end);
        Ok(Some(line))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
        let _ = self.terminal.write_all(b"\n");
    }
}

/// One line typed at the terminal behind a prompt, with the newline at its end.
///
/// # Errors
/// There is no terminal, or nobody at it any more; Ctrl-C, where that does not end the
/// program.
pub(super) fn typed(prompt: &str) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let terminal = File::options().read(true).write(true).open("/dev/tty")?;
    let mut hidden = Hidden::new(terminal)?;
    hidden.terminal.write_all(prompt.as_bytes())?;
    let line = hidden.line();
    drop(hidden);
    line?.ok_or_else(|| {
        let _ = kill_process(getpid(), Signal::INT);
        Error::new(ErrorKind::Interrupted, "interrupted")
    })
}
