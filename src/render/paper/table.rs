//! Tables: columns by share of the measure, cells broken into lines, the head again on
//! each page.

use super::flow::{Flow, LEADING, Look};
use super::{Mark, Role};

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// What stands above it.
    pub title: String,
    /// Its share of the width; shares need not add up to anything.
    pub share: f32,
}

/// What stands in one field of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// A box to be ticked by hand.
    Tick,
    /// Room to write in.
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}

/// White between the text of a field and its edges.
const PAD: f32 = 0.9;
/// Side of a box to be ticked.
const TICK: f32 = 4.0;

/// Draws the table from where the flow is. `least` is the least height of a row.
pub fn table(flow: &mut Flow<'_>, columns: &[Column], rows: &[Vec<Cell>], least: f32) {
    let edges = edges(flow, columns);
    let look = flow.small();
    head(flow, columns, &edges);
    for row in rows {
        let lines = broken(flow, row, &edges, look);
        let height = height(&lines, look).max(least);
        if flow.room() < height {
            flow.turn();
            head(flow, columns, &edges);
        }
        let top = flow.y();
        let mut marks = Vec::new();
        let mut boxes = Vec::new();
        for ((cell, lines), (left, right)) in row.iter().zip(&lines).zip(&edges) {
            let mut base = flow.base(look) + PAD;
            for line in lines {
                marks.push(flow.text_at(left + PAD, base, look, line));
                base += look.size * LEADING;
            }
            if *cell == Cell::Tick {
                let at = ((left + right - TICK) / 2.0, top + (height - TICK) / 2.0);
                boxes.push(Mark::Frame { at, size: (TICK, TICK), width: 0.25, dashed: false });
            }
        }
        flow.push(Role::Text, marks);
        boxes.extend(grid(&edges, top, height));
        flow.push(Role::Ornament, boxes);
        flow.go_to(top + height);
    }
}

fn edges(flow: &Flow<'_>, columns: &[Column]) -> Vec<(f32, f32)> {
    let all: f32 = columns.iter().map(|column| column.share).sum();
    let mut left = flow.style.margin;
    let mut edges = Vec::new();
    for column in columns {
        let right = left + flow.measure() * column.share / all.max(0.01);
        edges.push((left, right));
        left = right;
    }
    edges
}

fn head(flow: &mut Flow<'_>, columns: &[Column], edges: &[(f32, f32)]) {
    let look = flow.label();
    let titles: Vec<Cell> = columns.iter().map(|column| column.title.as_str().into()).collect();
    let lines = broken(flow, &titles, edges, look);
    let (top, height) = (flow.y(), height(&lines, look));
    let mut marks = Vec::new();
    for (lines, (left, _)) in lines.iter().zip(edges) {
        let mut base = flow.base(look) + PAD;
        for line in lines {
            marks.push(flow.text_at(left + PAD, base, look, line));
            base += look.size * LEADING;
        }
    }
    flow.push(Role::Text, marks);
    let mut lines = grid(edges, top, height);
    let (left, right) = (edges.first().map_or(0.0, |e| e.0), edges.last().map_or(0.0, |e| e.1));
    for y in [top, top + height] {
        lines.push(Mark::Rule { from: (left, y), to: (right, y), width: 0.35 });
    }
    flow.push(Role::Ornament, lines);
    flow.go_to(top + height);
}

fn broken(flow: &Flow<'_>, row: &[Cell], edges: &[(f32, f32)], look: Look) -> Vec<Vec<String>> {
    let lines = row.iter().zip(edges).map(|(cell, (left, right))| match cell {
        Cell::Text(text) => flow.lines_of(right - left - 2.0 * PAD, look, text),
        Cell::Tick | Cell::Empty => Vec::new(),
    });
    lines.collect()
}

fn height(lines: &[Vec<String>], look: Look) -> f32 {
    let most = lines.iter().map(Vec::len).max().unwrap_or(0).max(1);
    u16::try_from(most).map_or(0.0, f32::from) * look.size * LEADING + 2.0 * PAD
}

fn grid(edges: &[(f32, f32)], top: f32, height: f32) -> Vec<Mark> {
    let bottom = top + height;
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else { return Vec::new() };
    let mut lines = vec![Mark::Rule { from: (first.0, bottom), to: (last.1, bottom), width: 0.12 }];
    let verticals = edges.iter().map(|edge| edge.0).chain([last.1]);
    lines.extend(verticals.map(|x| Mark::Rule { from: (x, top), to: (x, bottom), width: 0.12 }));
    lines
}
