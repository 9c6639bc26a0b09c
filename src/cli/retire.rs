//! `custody retire`

use clap::Args;
use serde::Serialize;

use super::Global;
use super::signing::{Concluded, SignArgs, conclude};
use super::ui::Ui;
use crate::ledger::intent::Retirement;
use crate::model::{MediumId, PartyId, Phrase};
use crate::ops::retire::{erased, retire};
use crate::ops::{OpsError, sheet};
use crate::render::text;
use crate::report::RetirementCertificate;

/// Take a drive out of use for good
#[derive(Debug, Args)]
#[command(after_help = "\
Somebody who does not hold the drive retires it. A missing drive is first found, or decided to
be lost by an administrator.
Example:
  custody retire USB-0421 --reason 耐用年数 --method destroy --technique 破砕 \\
    --destination 静岡リサイクル --by kato --verifier suzuki")]
pub(super) struct Retire {
    /// Asset id of the drive
    medium: Option<String>,
    /// Why
    #[arg(long)]
    reason: Option<String>,
    /// clear, purge or destroy, where its data was dealt with now
    #[arg(long)]
    method: Option<String>,
    /// Kind of medium
    #[arg(long, value_name = "KIND")]
    media_type: Option<String>,
    /// How: 'shredded', 'drilled' ...
    #[arg(long)]
    technique: Option<String>,
    /// With what
    #[arg(long)]
    tool: Option<String>,
    /// How the result was verified
    #[arg(long)]
    verification: Option<String>,
    /// Where it was done
    #[arg(long)]
    place: Option<String>,
    /// Where it went
    #[arg(long)]
    destination: Option<String>,
    /// A remark
    #[arg(long)]
    detail: Option<String>,
    /// Who retires it
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    /// Who saw that it was done; somebody else
    #[arg(long, value_name = "ID")]
    verifier: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

/// What a retirement answers.
#[derive(Debug, Serialize)]
struct Retired {
    #[serde(flatten)]
    concluded: Concluded,
    /// The certificate; none for a draft.
    certificate: Option<RetirementCertificate>,
}

impl Retire {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let wish = self.asked(ui)?;
        let mut ledger = global.open()?;
        let (medium, method) = (wish.medium.clone(), wish.method);
        let draft = retire(&ledger, wish)?;
        if method.is_none() && erased(&ledger, &medium)?.is_none() {
            ui.warn(&format!(
                "nothing says that the data of {medium} was erased; name --method, or record it \
                 with 'custody erase' first"
            ));
        }
        let concluded = conclude(global, &mut ledger, draft, &self.signing)?;
        let certificate = match concluded.entry() {
            Some(_) => Some(sheet::retirement(&mut ledger, &medium)?),
            None => None,
        };
        let answer = Retired { concluded, certificate };
        ui.answer(&answer, |style| match &answer.certificate {
            Some(certificate) => text::retirement(certificate, style),
            None => answer.concluded.words(),
        });
        Ok(0)
    }

    fn asked(&self, ui: Ui) -> Result<Retirement, OpsError> {
        let mut asking = ui.asking();
        let medium: Option<MediumId> =
            asking.need("MEDIUM", self.medium.as_deref(), "Which drive (asset id)", None);
        let reason: Option<Phrase> = asking.need("--reason", self.reason.as_deref(), "Why", None);
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Retired by (party id)", None);
        let method = asking.may("--method", self.method.as_deref());
        let media_type = asking.may("--media-type", self.media_type.as_deref());
        let technique = asking.may("--technique", self.technique.as_deref());
        let tool = asking.may("--tool", self.tool.as_deref());
        let verification = asking.may("--verification", self.verification.as_deref());
        let place = asking.may("--place", self.place.as_deref());
        let destination = asking.may("--destination", self.destination.as_deref());
        let detail = asking.may("--detail", self.detail.as_deref());
        let verifier = asking.may("--verifier", self.verifier.as_deref());
        asking.end()?;
        let (Some(medium), Some(reason), Some(by)) = (medium, reason, by) else {
            return Err(OpsError::input("retire", "an answer is missing"));
        };
        Ok(Retirement {
            medium,
            reason,
            method,
            media_type,
            technique,
            tool,
            verification,
            destination,
            place,
            detail,
            by,
            verifier,
        })
    }
}
