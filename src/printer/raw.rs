//! Printers that take bytes as they are: a device, a TCP port; and a file, for tests.
//!
//! None of them says what it does with the bytes. So "sent" is the best that is known,
//! and a printer that stops taking them is the only sign of an empty roll.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::address::Host;
use super::{Address, Delivery, Job, Look, Patience, SendError, plainly};

/// Bytes given to a printer at a time.
const PIECE: usize = 8 << 10;
/// How long a printer may take to close the connection or to reset it, after all is
/// sent. Most do neither.
const FAREWELL: Duration = Duration::from_millis(700);
/// Most USB printers looked for.
const DEVICES_MAX: usize = 16;

/// The character devices that are printers or lines to one, by the kernel's numbers
/// (its `devices.txt`). A character device can be a drive as well (`/dev/sg0`), and
/// bytes written there are orders to it.
fn is_printer(device: u64) -> bool {
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    match major {
        // USB printers; further numbers of this major are other USB things.
        180 => minor < 16,
        // Parallel ports; serial lines built in, on the bus, as a modem and as an adapter.
        6 | 166 | 188 | 204 => true,
        4 => minor >= 64,
        // The far end of a terminal that a program holds: an emulated printer.
        136..=143 => true,
        // `/dev/null` and `/dev/full`, with which a setup is tried.
        1 => minor == 3 || minor == 7,
        _ => false,
    }
}

/// Opens a device and makes sure that it is one to print on.
fn open(path: &Path) -> Result<File, SendError> {
    let not_reached =
        |why: String| SendError::NotReached { address: path.display().to_string(), why };
    let refused = || {
        let path = path.display();
        SendError::Refused(format!("{path} is no printer's device, so nothing is written to it"))
    };
    // Looked at before it is opened as well: opening alone can mean something to a
    // device that is not one of ours.
    let known = std::fs::metadata(path).map_err(|error| not_reached(plainly(&error)))?;
    if !known.file_type().is_char_device() || !is_printer(known.rdev()) {
        return Err(refused());
    }
    // Without waiting, so that a printer that takes nothing is noticed; and without its
    // becoming this program's terminal.
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let opened = OpenOptions::new().write(true).custom_flags(flags).open(path);
    let file = opened.map_err(|error| match error.kind() {
        io::ErrorKind::ResourceBusy => not_reached("another program is printing on it".to_owned()),
        io::ErrorKind::PermissionDenied => {
            not_reached("you may not write to it; join the group lp".to_owned())
        }
        _ => not_reached(plainly(&error)),
    })?;
    match file.metadata() {
        Ok(now) if now.rdev() == known.rdev() && now.file_type().is_char_device() => Ok(file),
        _ => Err(refused()),
    }
}

/// Writes a job to a device.
pub(super) fn device(path: &Path, job: &Job, patience: Patience) -> Result<Delivery, SendError> {
    let mut file = open(path)?;
    let total = job.bytes.len() * usize::from(job.copies);
    let mut sent = 0;
    let mut moved = Instant::now();
    while sent < total {
        let stalled = || SendError::Stalled { sent, total };
        if !becomes_writable(&file, patience.idle.saturating_sub(moved.elapsed())) {
            return Err(stalled());
        }
        match file.write(piece(job, sent)) {
            Ok(0) => return Err(stalled()),
            Ok(count) => {
                sent += count;
                moved = Instant::now();
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => {
                    if moved.elapsed() >= patience.idle {
                        return Err(stalled());
                    }
                    // Ready and yet not: a driver that polls. It is not asked in a rush.
                    std::thread::sleep(Duration::from_millis(20));
                }
                _ => return Err(SendError::Broken { sent, total, why: plainly(&error) }),
            },
        }
    }
    Ok(Delivery::Sent)
}

/// The next bytes of all copies in a row.
fn piece(job: &Job, sent: usize) -> &[u8] {
    let from = sent.checked_rem(job.bytes.len()).unwrap_or(0);
    let to = from.saturating_add(PIECE).min(job.bytes.len());
    job.bytes.get(from..to).unwrap_or_default()
}

fn becomes_writable(file: &File, within: Duration) -> bool {
    let limit = Timespec {
        tv_sec: i64::try_from(within.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: within.subsec_nanos().into(),
    };
    let mut watched = [PollFd::new(file, PollFlags::OUT)];
    match poll(&mut watched, Some(&limit)) {
        Ok(count) => count > 0,
        // The write says what is wrong, and whether anything is.
        Err(_) => true,
    }
}

/// Sends a job to a port.
pub(super) fn tcp(at: &Host, job: &Job, patience: Patience) -> Result<Delivery, SendError> {
    let mut stream = connect(at, patience)?;
    let total = job.bytes.len() * usize::from(job.copies);
    let mut sent = 0;
    let set = stream.set_write_timeout(Some(patience.idle));
    set.map_err(|error| SendError::Broken { sent, total, why: plainly(&error) })?;
    while sent < total {
        match stream.write(piece(job, sent)) {
            Ok(0) => return Err(SendError::Stalled { sent, total }),
            Ok(count) => sent += count,
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                    return Err(SendError::Stalled { sent, total });
                }
                _ => return Err(SendError::Broken { sent, total, why: plainly(&error) }),
            },
        }
    }
    farewell(stream, total)
}

/// Ends the sending and listens for a moment: a printer that resets the connection has
/// thrown away what it had not read yet.
fn farewell(mut stream: TcpStream, total: usize) -> Result<Delivery, SendError> {
    let broken = |error: io::Error| SendError::Broken { sent: total, total, why: plainly(&error) };
    stream.shutdown(std::net::Shutdown::Write).map_err(broken)?;
    stream.set_read_timeout(Some(FAREWELL)).map_err(broken)?;
    let begun = Instant::now();
    let mut heard = [0; 512];
    while begun.elapsed() < FAREWELL {
        match stream.read(&mut heard) {
            Ok(0) => return Ok(Delivery::Sent),
            // What it says has no form that is known here.
            Ok(_) => {}
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => return Ok(Delivery::Sent),
                _ => return Err(broken(error)),
            },
        }
    }
    Ok(Delivery::Sent)
}

fn connect(at: &Host, patience: Patience) -> Result<TcpStream, SendError> {
    let not_reached =
        |why: String| SendError::NotReached { address: Address::Tcp(at.clone()).to_string(), why };
    let found = (at.name.as_str(), at.port).to_socket_addrs();
    let found = found.map_err(|error| not_reached(plainly(&error)))?;
    let mut why = "the name has no address".to_owned();
    // A name with very many addresses must not multiply the waiting.
    for address in found.take(4) {
        match TcpStream::connect_timeout(&address, patience.connect) {
            Ok(stream) => return Ok(stream),
            Err(error) => why = plainly(&error),
        }
    }
    Err(not_reached(why))
}

/// Appends a job to a file.
pub(super) fn file(path: &Path, job: &Job) -> Result<Delivery, SendError> {
    let failed = |error: io::Error| SendError::NotReached {
        address: path.display().to_string(),
        why: plainly(&error),
    };
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(SendError::Refused(format!("{} is not a regular file", path.display())));
    }
    let mut out = OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
    for _ in 0..job.copies {
        out.write_all(&job.bytes).map_err(failed)?;
    }
    out.sync_all().map_err(failed)?;
    Ok(Delivery::Printed)
}

/// Whether the port takes connections.
pub(super) fn look_tcp(at: &Host, patience: Patience) -> Look {
    match connect(at, patience) {
        Ok(_) => Look { answers: true, says: vec!["takes raw bytes".to_owned()] },
        Err(error) => Look { answers: false, says: vec![error.to_string()] },
    }
}

/// Whether the device can be opened for printing.
pub(super) fn look_device(path: &Path) -> Look {
    match open(path) {
        Ok(_) => Look { answers: true, says: vec!["takes raw bytes".to_owned()] },
        Err(error) => Look { answers: false, says: vec![error.to_string()] },
    }
}

/// The USB printers that have a device.
pub(super) fn devices() -> Vec<Address> {
    let paths = (0..DEVICES_MAX).map(|number| PathBuf::from(format!("/dev/usb/lp{number}")));
    paths.filter(|path| path.exists()).map(Address::Device).collect()
}
