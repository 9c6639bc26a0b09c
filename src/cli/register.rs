//! `custody register`

use clap::Args;
use serde::Serialize;

use super::handover::tell_unread;
use super::signing::{Concluded, SignArgs, conclude};
use super::{BusArg, Global};
use crate::model::evidence::Examined;
use crate::model::{MediumId, Name};
use crate::ops::register::{Drafted, RegistrationWish, register};
use crate::ops::{Ledger, OpsError};
use crate::render::qr::{Code, Terminal};
use crate::render::text;
use crate::report::RegistrationView;

/// Home and kind of data of a drive that was put aside: nobody knows what it carries.
const QUARANTINE: &str = "隔離 quarantine";

/// Register the attached drive under an asset id and show its label
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  custody register USB-0421 --home 静岡支部保管庫 --class 被保険者台帳 --by yamada
  custody register USB-0999 --device 4C5300 --quarantine 静岡支部保管庫 --by yamada
  custody register USB-0422 --device sdb --home 静岡支部保管庫 --class 一般 --by yamada --interval-days 14")]
pub(super) struct Register {
    /// Asset id: capital letters, digits and hyphens, at most 16
    id: Option<String>,
    /// Which drive, where several are plugged in: position, serial or block device
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// The place it belongs to
    #[arg(long)]
    home: Option<String>,
    /// Put aside a drive that was found at this place and that nobody registered: home and
    /// class are the quarantine's unless you name them
    #[arg(long, value_name = "WHERE")]
    quarantine: Option<String>,
    /// Whose it is [default: the organisation]
    #[arg(long)]
    owner: Option<String>,
    /// What kind of data it carries
    #[arg(long)]
    class: Option<String>,
    /// Days between two sightings [default: the policy's]
    #[arg(long)]
    interval_days: Option<String>,
    /// Known by its label only: its serial says nothing, or two drives share it
    #[arg(long)]
    weak: bool,
    /// Encryption as you know it, such as luks2 or ironkey-d300 (recorded as stated where the drive cannot be read)
    #[arg(long, value_name = "SCHEME")]
    encryption: Option<String>,
    /// A remark
    #[arg(long)]
    detail: Option<String>,
    /// Who registers it and holds it from now on
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    #[command(flatten)]
    bus: BusArg,
    /// Take the drive from a recording instead of the bus (same as --bus)
    #[arg(long, value_name = "FILE.json[#frame]", conflicts_with = "bus")]
    from_recording: Option<String>,
    #[command(flatten)]
    signing: SignArgs,
}

/// What `register` answers.
#[derive(Debug, Serialize)]
struct Registered {
    #[serde(flatten)]
    concluded: Concluded,
    registration: Option<RegistrationView>,
}

impl Register {
    pub fn run(mut self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let mut ledger = global.open()?;
        if let Some(file) = self.from_recording.take() {
            self.bus = BusArg { bus: Some(file) };
        }
        let bus = self.bus.choice().open()?;
        let wish = self.wish(global, &ledger)?;
        let id = wish.id.clone();
        let stated = wish.encryption.clone();
        let Drafted { draft, examined, contradicted } = register(&ledger, bus.as_ref(), wish)?;
        if let Examined::Unread(why) = examined {
            tell_unread(ui, std::iter::once((id.to_string(), why)));
        }
        if let (true, Some(stated)) = (contradicted, stated) {
            ui.warn(&format!(
                "--encryption {stated} is not what reading shows; what was read is recorded"
            ));
        }
        let concluded = conclude(global, &mut ledger, draft, &self.signing)?;
        let registration =
            concluded.entry().and_then(|_| RegistrationView::new(ledger.state(), &id));
        let drawn = match &registration {
            Some(view) => Code::label(&view.label)?.to_terminal(Terminal::default()),
            None => String::new(),
        };
        let answer = Registered { concluded, registration };
        ui.answer(&answer, |style| match &answer.registration {
            Some(view) => text::registration(view, &drawn, style),
            None => answer.concluded.words(),
        });
        Ok(0)
    }

    fn wish(&self, global: &Global, ledger: &Ledger) -> Result<RegistrationWish, OpsError> {
        let mut asking = global.ui().asking();
        let site = ledger.state().facts.as_ref().map(|facts| facts.site.to_string());
        let id: Option<MediumId> =
            asking.need("ID", self.id.as_deref(), "Asset id, such as USB-0421", None);
        let aside: Option<Name> = asking.may("--quarantine", self.quarantine.as_deref());
        let put_aside = aside.as_ref().map(|_| QUARANTINE);
        let (home, class) = (self.home.as_deref(), self.class.as_deref());
        let home: Option<Name> =
            asking.need("--home", home.or(put_aside), "Where it belongs", site.as_deref());
        let class: Option<Name> = asking.need("--class", class.or(put_aside), "Kind of data", None);
        let owner = asking.may("--owner", self.owner.as_deref());
        let interval_days = asking.number("--interval-days", self.interval_days.as_deref());
        let encryption = asking.may("--encryption", self.encryption.as_deref());
        let found = aside.as_ref().map(|place| format!("未登録で発見 found unregistered: {place}"));
        let detail = asking.may("--detail", self.detail.as_deref().or(found.as_deref()));
        let by = asking.need("--by", self.by.as_deref(), "Registered by (party id)", None);
        asking.end()?;
        let (Some(id), Some(home), Some(class), Some(by)) = (id, home, class, by) else {
            return Err(OpsError::input("register", "an answer is missing"));
        };
        Ok(RegistrationWish {
            id,
            device: self.device.clone(),
            home,
            owner,
            class,
            interval_days,
            weak: self.weak,
            encryption,
            detail,
            by,
        })
    }
}
