//! Messages as text.

use super::Style;
use super::layout::{Page, Tone};
use crate::report::telling::{MessageStanding, MessageView, Outbox};

const LABELS: usize = 10;
/// So much of an id tells messages apart.
const ID_SHOWN: usize = 8;

/// The outbox as text.
pub fn notices(report: &Outbox, style: Style) -> String {
    let mut page = Page::new(style);
    if report.messages.is_empty() {
        page.put(0, Tone::Plain, "No message was sent and none waits.");
    }
    list(&mut page, &report.messages);
    page.finish()
}

/// Messages one below the other.
pub(super) fn list(page: &mut Page, messages: &[MessageView]) {
    for message in messages {
        one(page, message);
    }
}

fn one(page: &mut Page, message: &MessageView) {
    let tone = match message.standing {
        MessageStanding::Sent => Tone::Good,
        MessageStanding::Failed => Tone::Alarm,
        standing if standing.is_trouble() => Tone::Warning,
        _ => Tone::Plain,
    };
    let id: String = message.id.chars().take(ID_SHOWN).collect();
    if message.standing == MessageStanding::Damaged {
        page.put(0, tone, &format!("{id}: {}", message.standing.words()));
        page.put(2, Tone::Faint, &format!("'custody notices --drop {id}' takes it away."));
        return;
    }
    let to = match message.channel == message.recipient {
        true => message.channel.clone(),
        false => format!("{} to {}", message.channel, message.recipient),
    };
    let topic = match message.media {
        0 => message.topic.clone(),
        media => format!("{} ({media})", message.topic),
    };
    page.put(0, tone, &format!("{id}: {topic} by {to}, {}", message.standing.words()));
    if let Some(error) = &message.error {
        page.hang(2, "Problem", LABELS, Tone::Warning, error);
    }
    let Some(added) = message.added.filter(|_| message.standing.is_trouble()) else { return };
    let tried = match (message.attempts, message.last) {
        (1, Some(last)) => format!(", tried once, {}", last.short()),
        (times, Some(last)) if times > 1 => format!(", tried {times} times, last {}", last.short()),
        _ => String::new(),
    };
    page.field(2, "Since", LABELS, &format!("{}{tried}", added.short()));
    let what = match message.standing {
        MessageStanding::MayHaveBeenSent => format!(
            "Ask them. 'custody notices --retry {id}' sends it again, 'custody notices --drop \
             {id}' if it is there."
        ),
        MessageStanding::Failed => format!(
            "'custody notices --retry {id}' sends it again, 'custody notices --drop {id}' gives \
             it up."
        ),
        _ => return,
    };
    page.put(2, Tone::Faint, &what);
}
