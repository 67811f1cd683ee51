//! The comment at the top of a model's SQL: what it is in prose, then its properties in YAML.
//!
//! The properties begin with the first paragraph of the comment whose first line is a key, such as
//! `-- grain: one row an order`. A colon elsewhere in a paragraph is prose.

/// The parts of a header.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// The prose, its paragraphs separated by an empty line.
    pub(super) prose: String,
    /// The properties, and the lines of the file before them.
    pub(super) yaml: Option<(String, usize)>,
}

/// Reads the comment that a text begins with.
pub(super) fn read(text: &str) -> Header {
    let comment = text.lines().map_while(|line| line.strip_prefix("--"));
    let lines: Vec<&str> = comment
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let opens = |at: usize| at == 0 || lines.get(at - 1).is_some_and(|line| is_blank(line));
    let start = (0..lines.len()).find(|at| opens(*at) && begins_with_key(lines[*at]));
    let prose = &lines[..start.unwrap_or(lines.len())];
    let yaml = start.map(|start| (lines[start..].join("\n") + "\n", start));
    Header {
        prose: paragraphs(prose),
        yaml,
    }
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

/// Whether a line is `key:` or `key: …`.
fn begins_with_key(line: &str) -> bool {
    let Some((key, rest)) = line.split_once(':') else {
        return false;
    };
    let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
    !key.is_empty() && key.chars().all(is_word) && (rest.is_empty() || rest.starts_with(' '))
}

/// The lines of each paragraph as one.
fn paragraphs(lines: &[&str]) -> String {
    let paragraphs = lines.split(|line| is_blank(line));
    let joined = paragraphs.map(|lines| {
        let words: Vec<_> = lines.iter().map(|line| line.trim()).collect();
        words.join(" ")
    });
    let joined: Vec<_> = joined.filter(|text| !text.is_empty()).collect();
    joined.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_comes_before_properties() {
        let header = read(
            "-- What it is, in two\n-- lines: this is prose.\n--\n-- More.\n--\n-- grain: one\n\
             -- columns:\n--   - name: a\nSELECT 1 -- tags: no",
        );
        assert_eq!(
            header.prose,
            "What it is, in two lines: this is prose.\n\nMore."
        );
        let yaml = "grain: one\ncolumns:\n  - name: a\n".to_owned();
        assert_eq!(header.yaml, Some((yaml, 5)));
    }

    #[test]
    fn either_part_may_lack() {
        assert_eq!(read("SELECT 1"), Header::default());
        assert_eq!(read("-- Prose alone.\nSELECT 1").yaml, None);
        let header = read("-- tags: [x]\nSELECT 1");
        assert_eq!(header.prose, "");
        assert_eq!(header.yaml, Some(("tags: [x]\n".to_owned(), 0)));
    }
}
