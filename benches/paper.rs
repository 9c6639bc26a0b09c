//! Documents on paper, held to their limits: a receipt of two pages as PDF (time and
//! bytes), a thousand labels, and a strip for a roll beside the same page as PDF alone.

#[path = "../tests/paper/documents.rs"]
mod documents;
mod support;

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use documents::{Wanted, receipt_view};
use media_custody::render::paper::labels::{Grid, Label, sheets};
use media_custody::render::paper::pdf::pdf;
use media_custody::render::paper::receipt::{Format, receipt};
use media_custody::render::paper::typeface::Typefaces;
use media_custody::render::paper::words::{Tongue, Words};
use support::{Spread, Verdict, row, timed};

/// The limits.
const RECEIPT: Duration = Duration::from_millis(30);
const RECEIPT_BYTES: f64 = 120_000.0;
const LABELS: Duration = Duration::from_secs(2);
const ROUNDS: usize = 15;

fn paper(bench: &mut Criterion) {
    let faces = Typefaces::built_in().expect("the fonts");
    let wanted = Wanted { witness: true, ..Wanted::default() };
    let view = receipt_view(&wanted);
    let made = || {
        let file = Some(vec![b'x'; 3_000]);
        let sheet = receipt(&view, Format::A4, Tongue::Both, &faces, file).expect("a sheet");
        assert_eq!(sheet.pages.len(), 2);
        pdf(&sheet, &faces).expect("a PDF").len()
    };
    let bytes = made();
    let time = |limit: Duration, work: &dyn Fn() -> usize| {
        Spread::of(
            (0..ROUNDS).map(|_| timed(|| black_box(work())).1.as_secs_f64() / limit.as_secs_f64()),
        )
    };
    let spread = time(RECEIPT, &made);
    let met = Verdict::of(spread.most() < 1.0);
    row("receipt as PDF, original and copy / 30 ms", "below 1", spread, met);
    #[allow(clippy::cast_precision_loss)] // some ten thousand
    let size = Spread::of([bytes as f64 / RECEIPT_BYTES]);
    let met = Verdict::of(size.most() < 1.0);
    row("the same: bytes / 120 KB", "below 1", size, met);

    let words = Words::new(Tongue::Both).expect("the words");
    let labels: Vec<Label> = (0..1_000)
        .map(|number| Label {
            medium: format!("USB-{number:04}"),
            code: "CM1-USB-0421-MPJTB9-5".to_owned(),
            owner: "静岡健保組合".to_owned(),
            contact: Some("054-000-0000".to_owned()),
        })
        .collect();
    let thousand = || {
        let sheet = sheets(&labels, Grid::default(), 1, &words, &faces, view.at).expect("sheets");
        pdf(&sheet, &faces).expect("a PDF").len()
    };
    let spread = time(LABELS, &thousand);
    let met = Verdict::of(spread.most() < 1.0);
    row("1,000 labels on sheets, as PDF / 2 s", "below 1", spread, met);

    let mut group = bench.benchmark_group("paper");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(300));
    group.bench_function("receipt as PDF", |bencher| bencher.iter(made));
    group.finish();
}

criterion::criterion_group!(benches, paper);
criterion::criterion_main!(benches);
