//! What is made of what: a drawing with layers from left to right, and text for Mermaid.

use std::collections::BTreeMap;

use rust_sugiyama::configure::Config;
use rust_sugiyama::from_vertices_and_edges;
use serde::Serialize;

use super::gather::{Gathered, Node};

/// A box, and the way from the left side of one to that of those in the next layer.
const HEIGHT: f64 = 24.0;
const GAP: f64 = 8.0;
const LETTER: f64 = 7.3;
const BETWEEN_LAYERS: f64 = 60.0;

/// A drawing.
#[derive(Debug, Default, Serialize)]
pub(super) struct Drawing {
    width: f64,
    height: f64,
    boxes: Vec<NodeBox>,
    /// Curves, as SVG's paths.
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct NodeBox {
    name: String,
    kind: String,
    built: bool,
    x: f64,
    y: f64,
    width: f64,
}

#[derive(Debug, Serialize)]
struct Line {
    from: String,
    to: String,
    path: String,
}

/// Draws nodes with the links among them.
pub(super) fn drawing(nodes: &[&Node]) -> Drawing {
    let place: BTreeMap<&str, u32> = (0..)
        .zip(nodes)
        .map(|(at, node)| (node.name.as_str(), at))
        .collect();
    let mut edges = Vec::new();
    for node in nodes {
        let reads = node
            .reads
            .iter()
            .filter_map(|read| place.get(read.as_str()));
        edges.extend(reads.map(|read| (*read, place[node.name.as_str()])));
    }
    // Layers are laid out from top to bottom, so that heights are widths there.
    // They come back by their place in this list.
    let vertices: Vec<_> = (0..)
        .zip(nodes)
        .map(|(at, _)| (at, (HEIGHT, HEIGHT)))
        .collect();
    let config = Config {
        vertex_spacing: GAP,
        ..Config::default()
    };
    let mut placed: Vec<Option<(usize, f64)>> = vec![None; nodes.len()];
    let mut top = 0.0;
    for (positions, _, _) in from_vertices_and_edges(&vertices, &edges, &config) {
        let least = positions
            .iter()
            .map(|(_, (x, _))| *x)
            .fold(f64::INFINITY, f64::min);
        let most = positions
            .iter()
            .map(|(_, (x, _))| *x)
            .fold(f64::NEG_INFINITY, f64::max);
        let mut layers: Vec<f64> = positions.iter().map(|(_, (_, y))| *y).collect();
        layers.sort_by(f64::total_cmp);
        layers.dedup();
        for (at, (x, y)) in &positions {
            let layer = layers.iter().position(|layer| layer == y).unwrap_or(0);
            if let Some(slot) = placed.get_mut(*at) {
                *slot = Some((layer, top + x - least));
            }
        }
        top += most - least + HEIGHT + GAP;
    }
    boxes(nodes, &placed, top)
}

fn boxes(nodes: &[&Node], placed: &[Option<(usize, f64)>], height: f64) -> Drawing {
    let width_of = |node: &Node| 16.0 + LETTER * node.name.len() as f64;
    let mut widths: Vec<f64> = Vec::new();
    for (node, at) in nodes.iter().zip(placed) {
        let layer = at.map_or(0, |(layer, _)| layer);
        if widths.len() <= layer {
            widths.resize(layer + 1, 0.0);
        }
        widths[layer] = widths[layer].max(width_of(node));
    }
    let starts: Vec<f64> = widths
        .iter()
        .scan(0.0, |end, width| {
            let start = *end;
            *end += width + BETWEEN_LAYERS;
            Some(start)
        })
        .collect();
    let mut drawing = Drawing {
        width: starts
            .last()
            .zip(widths.last())
            .map_or(0.0, |(start, width)| start + width),
        height,
        ..Drawing::default()
    };
    let mut middle = BTreeMap::new();
    for (node, at) in nodes.iter().zip(placed) {
        let (layer, y) = at.unwrap_or((0, height));
        let (x, width) = (starts[layer], width_of(node));
        middle.insert(node.name.as_str(), (x, x + width, y + HEIGHT / 2.0));
        drawing.boxes.push(NodeBox {
            name: node.name.clone(),
            kind: node.kind.clone(),
            built: node.kind == "source" || node.built_at.is_some(),
            x,
            y,
            width,
        });
    }
    for node in nodes {
        for read in &node.reads {
            let ends = middle
                .get(read.as_str())
                .zip(middle.get(node.name.as_str()));
            if let Some(((_, x, y), (to_x, _, to_y))) = ends {
                let bend = x + (to_x - x) / 2.0;
                drawing.lines.push(Line {
                    from: read.clone(),
                    to: node.name.clone(),
                    path: format!(
                        "M{x:.1} {y:.1}C{bend:.1} {y:.1} {bend:.1} {to_y:.1} {to_x:.1} {to_y:.1}"
                    ),
                });
            }
        }
    }
    drawing
}

/// The page of a model or source, whatever its name is.
pub(super) fn page(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    let letters = name.chars().map(|letter| match plain(letter) {
        true => letter.to_string(),
        false => format!("~{:x}", u32::from(letter)),
    });
    format!("models/{}.html", letters.collect::<String>())
}

/// The graph for Mermaid.
pub(super) fn mermaid(gathered: &Gathered) -> String {
    let mut text = String::from("flowchart LR\n");
    let id = |name: &str| name.replace('.', "__");
    for node in &gathered.nodes {
        let (open, close) = match node.kind.as_str() {
            "source" | "seed" => ("[(", ")]"),
            "view" => ("(", ")"),
            _ => ("[", "]"),
        };
        text += &format!("  {}{open}\"{}\"{close}\n", id(&node.name), node.name);
    }
    for node in &gathered.nodes {
        for read in &node.reads {
            text += &format!("  {} --> {}\n", id(read), id(&node.name));
        }
    }
    text
}
