//! Renewing token files along with a handover, a return or a check.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::BusArg;
use super::signing::{Concluded, SignArgs};
use super::ui::Ui;
use crate::model::{MediumId, PartyId};
use crate::ops::token_rotation::{Rotation, rotate};
use crate::ops::{Ledger, OpsError};

/// What happens to the token files of drives that have one.
#[derive(Debug, Args)]
pub(super) struct TokensArg {
    /// Write no fresh token on drives that have one ('custody token write')
    #[arg(long)]
    keep_tokens: bool,
}

/// A token that was renewed.
#[derive(Debug, Serialize)]
pub(super) struct Renewed {
    medium: MediumId,
    file: PathBuf,
}

impl TokensArg {
    /// Writes fresh tokens beside the known ones on those of `media` that were compared.
    /// Not for a draft: its entry may come after a later one, with an older token.
    pub fn rotate(
        &self,
        ui: Ui,
        (ledger, bus): (&Ledger, &BusArg),
        media: &[MediumId],
        signers: &[&PartyId],
        signing: &SignArgs,
    ) -> Result<Rotation, OpsError> {
        let with_token = |id: &MediumId| {
            ledger.state().media.get(id).is_some_and(|medium| medium.token.is_some())
        };
        if self.keep_tokens || signing.is_draft() || !media.iter().any(with_token) {
            return Ok(Rotation::default());
        }
        let rotation = rotate(ledger, bus.choice().open()?.as_ref(), media, signers)?;
        for (id, why) in rotation.left() {
            ui.warn(&format!("{id}: its token was left as it is: {why}"));
        }
        Ok(rotation)
    }
}

/// Says what was written on which drive, once the entry is there; takes it away again
/// where there is none.
pub(super) fn settle(
    ui: Ui,
    rotation: Rotation,
    outcome: Result<Concluded, OpsError>,
) -> Result<(Concluded, Vec<Renewed>), OpsError> {
    let concluded = match outcome {
        Ok(concluded) => concluded,
        Err(error) => {
            rotation.give_up(&error);
            return Err(error);
        }
    };
    let renewed: Vec<Renewed> =
        rotation.settle().into_iter().map(|(medium, file)| Renewed { medium, file }).collect();
    for one in &renewed {
        ui.say(&format!("Fresh token on {}: {}, 512 bytes.", one.medium, one.file.display()));
    }
    Ok((concluded, renewed))
}
