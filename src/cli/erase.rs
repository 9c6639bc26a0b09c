//! `custody erase`

use clap::Args;
use serde::Serialize;

use super::handover::{compare, compare_again};
use super::signing::{Concluded, SignArgs, conclude_if};
use super::ui::Ui;
use super::{BusArg, Global};
use crate::ledger::intent::Erasure;
use crate::model::vocabulary::ErasureMethod;
use crate::model::{MediumId, Name, PartyId, Phrase, Statement};
use crate::ops::OpsError;
use crate::ops::alarms::Looked;
use crate::ops::erase::erase;
use crate::ops::sheet;
use crate::render::text;
use crate::report::certificate::ReadAfterwards;
use crate::report::{ErasureCertificate, words};

/// Certify that a drive was erased; who did it and who verified it sign
#[derive(Debug, Args)]
#[command(after_help = "\
This records an erasure and does none: custody writes to no drive. A drive that is plugged in
is looked at, and what is read of it now goes into the certificate.
Methods, after NIST SP 800-88: clear (overwritten), purge (crypto erase, block erase),
destroy (the drive itself is unusable).
Example:
  custody erase USB-0421 --method purge --technique 'crypto erase' --tool 'cryptsetup 2.7.0' \\
    --verification 'full read' --by yamada --verifier suzuki")]
pub(super) struct Erase {
    /// Asset id of the drive
    medium: Option<String>,
    /// clear, purge or destroy
    #[arg(long)]
    method: Option<String>,
    /// How: 'overwrite once', 'crypto erase' ...
    #[arg(long)]
    technique: Option<String>,
    /// With what, and which version
    #[arg(long)]
    tool: Option<String>,
    /// How the result was verified
    #[arg(long)]
    verification: Option<String>,
    /// Kind of medium [default: flash memory]
    #[arg(long, value_name = "KIND")]
    media_type: Option<String>,
    /// Where it was done
    #[arg(long)]
    place: Option<String>,
    /// Where the drive goes next
    #[arg(long)]
    destination: Option<String>,
    /// A remark
    #[arg(long)]
    detail: Option<String>,
    #[command(flatten)]
    bus: BusArg,
    /// Who erased it
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    /// Who verified it; somebody else
    #[arg(long, value_name = "ID")]
    verifier: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

/// What certifying an erasure answers.
#[derive(Debug, Serialize)]
struct Erased {
    #[serde(flatten)]
    concluded: Concluded,
    /// The certificate; none for a draft.
    certificate: Option<ErasureCertificate>,
}

impl Erase {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let wish = self.asked(ui)?;
        let mut ledger = global.open()?;
        let media = [wish.medium.clone()];
        let looked = compare(&ledger, &self.bus, &media)?;
        let draft = erase(&ledger, wish, looked.as_ref())?;
        if let Statement::Erase(said) = draft.statement() {
            tell(ui, &media[0], looked.as_ref(), said);
        }
        let still =
            |ledger: &crate::ops::Ledger| compare_again(ledger, &self.bus, &media, looked.as_ref());
        let concluded = conclude_if(global, &mut ledger, draft, &self.signing, &still)?;
        let [medium] = media;
        let certificate = match concluded.entry() {
            Some(entry) => Some(sheet::erasure(&mut ledger, &medium, Some(entry))?),
            None => None,
        };
        let answer = Erased { concluded, certificate };
        ui.answer(&answer, |style| match &answer.certificate {
            Some(certificate) => text::erasure(certificate, style),
            None => answer.concluded.words(),
        });
        Ok(0)
    }

    fn asked(&self, ui: Ui) -> Result<Erasure, OpsError> {
        let mut asking = ui.asking();
        let medium: Option<MediumId> =
            asking.need("MEDIUM", self.medium.as_deref(), "Which drive (asset id)", None);
        let method: Option<ErasureMethod> =
            asking.need("--method", self.method.as_deref(), "Method: clear, purge, destroy", None);
        let technique: Option<Name> =
            asking.need("--technique", self.technique.as_deref(), "How it was erased", None);
        let tool: Option<Name> =
            asking.need("--tool", self.tool.as_deref(), "With what, which version", None);
        let verification: Option<Name> = asking.need(
            "--verification",
            self.verification.as_deref(),
            "How the result was verified",
            None,
        );
        let kind = self.media_type.as_deref();
        let media_type: Option<Name> =
            asking.need("--media-type", kind, "Kind of medium", Some("flash memory"));
        let place = asking.may("--place", self.place.as_deref());
        let destination = asking.may("--destination", self.destination.as_deref());
        let detail: Option<Phrase> = asking.may("--detail", self.detail.as_deref());
        let by: Option<PartyId> =
            asking.need("--by", self.by.as_deref(), "Erased by (party id)", None);
        let verifier: Option<PartyId> =
            asking.need("--verifier", self.verifier.as_deref(), "Verified by (party id)", None);
        asking.end()?;
        let erasure = || {
            Some(Erasure {
                medium: medium?,
                media_type: media_type?,
                method: method?,
                technique: technique?,
                tool: tool?,
                verification: verification?,
                destination,
                place,
                content: None,
                alarm: Vec::new(),
                detail,
                by: by?,
                verifier: verifier?,
            })
        };
        erasure().ok_or_else(|| OpsError::input("erase", "an answer is missing"))
    }
}

/// Says what was read of the drive, before anybody signs that it is empty.
fn tell(ui: Ui, medium: &MediumId, looked: Option<&Looked>, said: &crate::model::statement::Erase) {
    let read = ReadAfterwards::of(said);
    let seen = looked.is_some_and(|looked| looked.compared.contains(medium));
    match (&read, seen) {
        (Some(read), _) => {
            let also = read.words();
            ui.say(&format!("{medium} was read now: {} ({})", also.en, also.ja));
        }
        (None, true) => {
            ui.warn(&format!(
                "{medium} is plugged in and was not read; nothing here shows that it is empty"
            ));
        }
        (None, false) => {
            ui.warn(&format!("{medium} is not plugged in; nothing here shows that it is empty"));
        }
    }
    for line in &said.alarm {
        ui.warn(&format!("{medium}: {}", words::alarm(line.alarm.as_str())));
    }
}
