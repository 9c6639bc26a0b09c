//! `custody notices`

use clap::Args;

use super::Global;
use super::error::{EXIT_ERROR, EXIT_FINE};
use crate::ops::OpsError;
use crate::ops::due::Moment;
use crate::ops::tell::{self, Post};
use crate::render::text;
use crate::report::telling::Outbox;

/// The messages that were sent, wait or failed; try, drop or test
#[derive(Debug, Args)]
#[command(after_help = "\
CHANNEL is a channel of the configuration, mail:ID for a party's mail, or heartbeat.
Examples:
  custody notices
  custody notices --test mail:yamada
  custody notices --retry 3f9a01")]
pub(super) struct NoticesCommand {
    /// Try what was not sent; with an id also one that may have been sent
    #[arg(long, value_name = "ID", num_args = 0..=1, conflicts_with_all = ["drop", "test"])]
    retry: Option<Option<String>>,
    /// Give a message up
    #[arg(long, value_name = "ID", conflicts_with = "test")]
    drop: Option<String>,
    /// Send a test message
    #[arg(long, value_name = "CHANNEL")]
    test: Option<String>,
}

impl NoticesCommand {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let folder = global.ledger_folder()?;
        let post = Post::beside(&folder, &global.configuration()?)?;
        let shown = match (&self.retry, &self.drop, &self.test) {
            (Some(id), ..) => {
                let shown = post.retry(id.as_deref(), &Moment::of(&folder)?.notices())?;
                let code = if shown.in_trouble > 0 { EXIT_ERROR } else { EXIT_FINE };
                show(global, &shown);
                return Ok(code);
            }
            (_, Some(id), _) => post.drop_message(id)?,
            (.., Some(to)) => {
                post.test(to, &Moment::of(&folder)?.notices())?;
                let to = crate::model::printable::printable(to, 64);
                global.ui().say(&format!("{to} took the test message."));
                post.list()?
            }
            _ => post.list()?,
        };
        show(global, &shown);
        Ok(EXIT_FINE)
    }
}

fn show(global: &Global, outbox: &Outbox) {
    global.ui().answer(outbox, |style| text::notices(outbox, style));
}

/// One line about messages that did not arrive, below the answer of other commands.
pub(super) fn remind(global: &Global) {
    let Ok(folder) = global.ledger_folder() else { return };
    let said = match tell::in_trouble(&folder) {
        0 => return,
        1 => "1 message did not arrive, or may not have; 'custody notices' shows it".to_owned(),
        many => {
            format!("{many} messages did not arrive, or may not have; 'custody notices' shows them")
        }
    };
    global.ui().warn(&said);
}
