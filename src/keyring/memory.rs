//! What the system may keep of this process's memory: nothing. A core dump is a file with
//! every key in it that was open at that moment.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Has the system write no core dump of this process, neither into a file nor into a
/// collector's pipe, and lets no other process of the same user read its memory.
///
/// # Errors
/// The system refuses, which it has no reason to.
pub fn keep_out_of_dumps() -> std::io::Result<()> {
    // For the processes that are started from here. A service may be forbidden to set it, and
    // has it set by systemd.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}
