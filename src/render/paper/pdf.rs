//! A sheet as PDF/A-2u (ISO 19005-2), or PDF/A-3u (ISO 19005-3) where a file travels in
//! it: tagged, with the part of the font that is used.

use std::num::NonZeroU16;

use krilla::color::luma;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{Path, PathBuilder, Point, Rect, Transform};
use krilla::graphic::Graphic;
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Tag, TagGroup, TagKind, TagTree,
};
use krilla::{Document, SerializeSettings};

use super::typeface::Typefaces;
use super::{About, Attachment, Block, Mark, POINT, Page, PaperError, Role, Sheet};
use crate::model::Stamp;
use crate::render::qr::Code;

/// Widest and highest page in millimetres; a roll has no end, a file has.
const SIDE_MAX: f32 = 2_000.0;
/// How dark grey text is, of 255: still black for a thermal printer.
const GREY: u8 = 70;

/// The sheet as a PDF file.
///
/// # Errors
/// [`PaperError::Size`], [`PaperError::Pdf`].
pub fn pdf(sheet: &Sheet, faces: &Typefaces) -> Result<Vec<u8>, PaperError> {
    let archival = match sheet.about.attachment {
        Some(_) => Archival::A3_U,
        None => Archival::A2_U,
    };
    let configuration = ConfigurationBuilder::new().with_archival_validator(archival).finish();
    let settings = SerializeSettings {
        configuration: configuration.map_err(|error| PaperError::Pdf(format!("{error:?}")))?,
        enable_tagging: true,
        ..SerializeSettings::default()
    };
    let mut document = Document::new_with(settings);
    document.set_metadata(metadata(&sheet.about));
    let mut tags = TagTree::new().with_lang(Some(sheet.about.language.to_owned()));
    let mut drawn: Vec<(&Code, Graphic)> = Vec::new();
    for page in &sheet.pages {
        draw_page(&mut document, page, faces, &mut tags, &mut drawn)?;
    }
    document.set_tag_tree(tags);
    if let Some(file) = &sheet.about.attachment {
        let embedded = document.embed_file(embedded(file, sheet.about.at));
        embedded.ok_or_else(|| PaperError::Pdf("two files of one name".to_owned()))?;
    }
    document.finish().map_err(|error| PaperError::Pdf(format!("{error:?}")))
}

fn metadata(about: &About) -> Metadata {
    // Who made it is said by the document. Without a version in it, a document that is
    // printed again after an update is the same file.
    Metadata::new()
        .title(about.title.clone())
        .keywords(vec![about.id.clone()])
        .language(about.language.to_owned())
        .creator("custody".to_owned())
        .producer("custody, krilla".to_owned())
        .document_id(about.id.clone())
        .creation_date(date(about.at))
}

fn date(at: Stamp) -> DateTime {
    let [year, rest @ ..] = at.fields();
    let [month, day, hour, minute, second] = rest.map(|part| u8::try_from(part).unwrap_or(0));
    let (hours, minutes) = (at.offset_minutes() / 60, at.offset_minutes() % 60);
    DateTime::new(u16::try_from(year).unwrap_or(0))
        .month(month)
        .day(day)
        .hour(hour)
        .minute(minute)
        .second(second)
        .utc_offset_hour(i8::try_from(hours).unwrap_or(0))
        .utc_offset_minute(u8::try_from(minutes.abs()).unwrap_or(0))
}

fn embedded(file: &Attachment, at: Stamp) -> EmbeddedFile {
    EmbeddedFile {
        path: file.name.clone(),
        mime_type: MimeType::new("text/plain"),
        description: Some(file.description.clone()),
        // The same in a form for programs.
        association_kind: AssociationKind::Alternative,
        data: file.bytes.clone().into(),
        modification_date: Some(date(at)),
        compress: Some(true),
        location: None,
    }
}

fn draw_page<'a>(
    document: &mut Document,
    page: &'a Page,
    faces: &Typefaces,
    tags: &mut TagTree,
    drawn: &mut Vec<(&'a Code, Graphic)>,
) -> Result<(), PaperError> {
    let sound = |side: f32| side > 0.0 && side <= SIDE_MAX;
    let size = (sound(page.width) && sound(page.height)).then_some(());
    let settings = size
        .and_then(|()| PageSettings::from_wh(page.width / POINT, page.height / POINT))
        .ok_or(PaperError::Size)?;
    let mut started = document.start_page_with(settings);
    let mut surface = started.surface();
    // From here on everything is in millimetres.
    surface.push_transform(&Transform::from_scale(1.0 / POINT, 1.0 / POINT));
    for block in &page.blocks {
        let tag = match block.role {
            Role::Ornament => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
            _ => ContentTag::Other,
        };
        let identifier = surface.start_tagged(tag);
        for mark in &block.marks {
            draw(&mut surface, mark, faces, drawn);
        }
        surface.end_tagged();
        if let Some(group) = group(block, identifier) {
            tags.push(group);
        }
    }
    surface.pop();
    surface.finish();
    started.finish();
    Ok(())
}

fn group(block: &Block, identifier: Identifier) -> Option<TagGroup> {
    let heading = |level: u16| -> TagKind {
        let level = NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN);
        Tag::Hn(level, block.words()).into()
    };
    let tag = match &block.role {
        Role::Ornament => return None,
        Role::Title => heading(1),
        Role::Heading => heading(2),
        Role::Text => Tag::P.into(),
        Role::Figure(says) => Tag::Figure(Some(says.clone())).into(),
    };
    let mut group = TagGroup::new(tag);
    group.push(identifier);
    Some(group)
}

fn draw<'a>(
    surface: &mut Surface<'_>,
    mark: &'a Mark,
    faces: &Typefaces,
    drawn: &mut Vec<(&'a Code, Graphic)>,
) {
    match mark {
        Mark::Text { x, y, size, grey, text } => {
            let shade = if *grey { GREY } else { 0 };
            surface.set_stroke(None);
            surface.set_fill(Some(ink(shade)));
            let mut left = *x;
            for run in faces.runs(text) {
                let start = Point::from_xy(left, *y);
                surface.draw_glyphs(start, &run.glyphs, run.font, &run.text, *size, false);
                left += run.width * size;
            }
        }
        Mark::Rule { from, to, width } => {
            let mut path = PathBuilder::new();
            path.move_to(from.0, from.1);
            path.line_to(to.0, to.1);
            outline(surface, path.finish(), *width, false);
        }
        Mark::Frame { at, size, width, dashed } => {
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(at.0, at.1, size.0, size.1) {
                path.push_rect(rect);
            }
            outline(surface, path.finish(), *width, *dashed);
        }
        Mark::Code { at, module, code } => {
            let graphic = match drawn.iter().find(|(known, _)| *known == code) {
                Some((_, graphic)) => graphic.clone(),
                None => {
                    let graphic = modules(surface, code);
                    drawn.push((code, graphic.clone()));
                    graphic
                }
            };
            let place = Transform::from_row(*module, 0.0, 0.0, *module, at.0, at.1);
            surface.push_transform(&place);
            surface.draw_graphic(graphic);
            surface.pop();
        }
    }
}

/// The dark modules as one shape, one unit a module: drawn once in a file, however often
/// it is shown, and without seams between neighbours.
#[allow(clippy::cast_precision_loss)] // a code has at most 185 modules a side
fn modules(surface: &mut Surface<'_>, code: &Code) -> Graphic {
    let mut path = PathBuilder::new();
    let side = code.full_width();
    for row in 0..side {
        let mut column = 0;
        while column < side {
            let run = (column..side).take_while(|&at| code.is_dark(at, row)).count();
            let rect = Rect::from_xywh(column as f32, row as f32, run as f32, 1.0);
            if let Some(rect) = rect.filter(|_| run > 0) {
                path.push_rect(rect);
            }
            column += run.max(1);
        }
    }
    let mut builder = surface.stream_builder();
    let mut inner = builder.surface();
    inner.set_stroke(None);
    inner.set_fill(Some(ink(0)));
    if let Some(path) = path.finish() {
        inner.draw_path(&path);
    }
    inner.finish();
    Graphic::new(builder.finish(), false)
}

fn ink(shade: u8) -> Fill {
    Fill {
        paint: luma::Color::new(shade).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::default(),
    }
}

fn outline(surface: &mut Surface<'_>, path: Option<Path>, width: f32, dashed: bool) {
    let dash = dashed.then(|| StrokeDash { array: vec![1.0, 0.8], offset: 0.0 });
    surface.set_fill(None);
    surface.set_stroke(Some(Stroke {
        paint: luma::Color::black().into(),
        width,
        dash,
        ..Stroke::default()
    }));
    if let Some(path) = path {
        surface.draw_path(&path);
    }
}
