//! The pages of the site.

use std::collections::BTreeSet;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};

use super::gather::{Gathered, Node};
use super::lineage::{drawing, page};
use crate::cli::error::CliError;

const TEMPLATES: [(&str, &str); 4] = [
    ("base.html", include_str!("base.html")),
    ("drawing.html", include_str!("drawing.html")),
    ("index.html", include_str!("index.html")),
    ("model.html", include_str!("model.html")),
];
const STYLE: &str = include_str!("style.css");

/// The files of the site, by their paths.
pub(super) fn pages(gathered: &Gathered) -> Result<Vec<(String, String)>, CliError> {
    let wrong =
        |error: minijinja::Error| CliError::Usage(format!("a page cannot be made: {error:#}"));
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    // Lines with nothing but a tag leave no line behind.
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    environment.set_syntax(syntax.map_err(wrong)?);
    environment.add_filter("page", |name: &str| Value::from_safe_string(page(name)));
    environment.add_filter("thousands", |number: u64| {
        indicatif::HumanCount(number).to_string()
    });
    for (name, text) in TEMPLATES {
        environment.add_template(name, text).map_err(wrong)?;
    }
    let all: Vec<&Node> = gathered.nodes.iter().collect();
    let mut layers: Vec<(&str, Vec<&Node>)> = Vec::new();
    for node in &all {
        match layers.iter_mut().find(|(layer, _)| *layer == node.layer) {
            Some((_, nodes)) => nodes.push(node),
            None => layers.push((&node.layer, vec![node])),
        }
    }
    let known: BTreeSet<&str> = all.iter().map(|node| node.name.as_str()).collect();
    let render = |template: &str, values: Value| {
        let template = environment.get_template(template);
        template
            .and_then(|template| template.render(values))
            .map_err(wrong)
    };
    let index = context! {
        site => Serde(gathered),
        layers => Serde(layers),
        drawing => Serde(drawing(&all)),
        root => "",
    };
    let mut files = vec![
        ("index.html".to_owned(), render("index.html", index)?),
        ("style.css".to_owned(), STYLE.to_owned()),
    ];
    for node in &all {
        let near: Vec<&Node> = around(node, &all);
        let values = context! {
            site => Serde(gathered),
            node => Serde(node),
            known => Serde(&known),
            drawing => Serde(drawing(&near)),
            root => Value::from_safe_string("../".to_owned()),
        };
        files.push((page(&node.name), render("model.html", values)?));
    }
    Ok(files)
}

/// A node, all that it is made of, and what reads it.
fn around<'a>(node: &Node, all: &[&'a Node]) -> Vec<&'a Node> {
    let mut names: BTreeSet<&str> = BTreeSet::from([node.name.as_str()]);
    // Nodes come after those that they read.
    for other in all.iter().rev() {
        if names.contains(other.name.as_str()) {
            names.extend(other.reads.iter().map(String::as_str));
        }
    }
    names.extend(node.read_by.iter().map(String::as_str));
    let near = all
        .iter()
        .filter(|other| names.contains(other.name.as_str()));
    near.copied().collect()
}
