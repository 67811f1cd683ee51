//! From a path to tables: what is there, in which format, under which names.
//!
//! A file is a table. A folder with a `_delta_log` is a Delta table. Another
//! folder is one table when everything in it is of one format and has the same
//! columns (`key=value` folders are partitions); otherwise each of its files,
//! and each of its folders, is a table of its own.

use std::collections::BTreeMap;

use datafusion::catalog::Session;
use datafusion::common::plan_err;
use datafusion::error::Result;
use futures::StreamExt;
use percent_encoding::percent_decode_str;

use super::files::listing::Place;
use super::names::table_name;
use super::{FORMATS, TableDefinition, TableFormat, classify};
use crate::stores::Location;

/// Files or folders whose columns are compared; a folder of more is taken to be uniform.
const COMPARED: usize = 64;

/// The tables at a location, in the order of their names.
///
/// With a `name` everything there is one table of that name.
///
/// # Errors
/// When nothing is there, no file has a known format, or two tables would have
/// one name.
pub async fn discover(
    session: &dyn Session,
    location: &Location,
    name: Option<&str>,
) -> Result<Vec<TableDefinition>> {
    let place = Place::find(session, location).await?;
    let own_name = name.map_or_else(|| name_of(&place), str::to_string);
    let mut whole = TableDefinition::at(own_name, place.location.clone());
    if name.is_some() || !place.folder || location.glob().is_some() || is_delta(&place).await? {
        whole.format = Some(format_at(session, &whole).await?);
        return Ok(vec![whole]);
    }
    let parts = parts(&place).await?;
    if let [(_, format)] = parts.as_slice() {
        whole.format = Some(*format);
        return Ok(vec![whole]);
    }
    if uniform(session, &parts).await? {
        whole.format = parts.first().map(|(_, format)| *format);
        return Ok(vec![whole]);
    }
    let mut named: BTreeMap<String, TableDefinition> = BTreeMap::new();
    for (location, format) in parts {
        let name = table_name(&last_segment(&location));
        let mut table = TableDefinition::at(name.clone(), location);
        table.format = Some(format);
        if let Some(other) = named.get(&name) {
            return plan_err!(
                "\"{}\" holds two things that would both be table \"{name}\", \"{}\" and \"{}\"; name one of \
                 them instead of the folder",
                place.location,
                other.locations[0],
                table.locations[0]
            );
        }
        named.insert(name, table);
    }
    Ok(named.into_values().collect())
}

/// The format of everything at a table's locations.
///
/// # Errors
/// When a file's name does not tell, there are no data files, or there are
/// several formats.
pub(super) async fn format_at(
    session: &dyn Session,
    definition: &TableDefinition,
) -> Result<&'static dyn TableFormat> {
    let mut found: Vec<&'static dyn TableFormat> = Vec::new();
    for location in &definition.locations {
        let place = Place::find(session, location).await?;
        if place.folder && location.glob().is_none() && is_delta(&place).await? {
            return super::format_named("delta");
        }
        let mut files = 0;
        for meta in place.list().await? {
            files += 1;
            match classify::format_of(meta.location.as_ref()) {
                Some(format) if !found.iter().any(|f| f.name() == format.name()) => {
                    found.push(format);
                }
                None if !place.folder => {
                    return plan_err!(
                        "the format of \"{location}\" can't be told from its name; expected one of {}, also \
                         with .gz or .zst after .csv and .json, or name a format",
                        extensions()
                    );
                }
                _ => {}
            }
        }
        if found.is_empty() {
            return nothing(&place, files);
        }
    }
    match found.as_slice() {
        [format] => Ok(*format),
        several => {
            let names: Vec<_> = several.iter().map(|f| f.name()).collect();
            plan_err!(
                "\"{}\" holds files of several formats ({}), which can't be one table; name a file, a glob \
                 or a format",
                definition.locations[0],
                names.join(", ")
            )
        }
    }
}

/// The files and folders directly in a folder that hold data, each of one
/// format; partition folders count as the folder they are in.
async fn parts(place: &Place) -> Result<Vec<(Location, &'static dyn TableFormat)>> {
    let mut out: Vec<(Location, &'static dyn TableFormat)> = Vec::new();
    let listing = place.store.list_with_delimiter(Some(&place.path)).await?;
    for folder in listing.common_prefixes {
        let Some(name) = folder.filename() else {
            continue;
        };
        if name.contains('=') || classify::is_hidden(name) {
            continue;
        }
        let child = Place {
            location: place.location.child(name, true)?,
            path: folder.clone(),
            ..place.clone()
        };
        if is_delta(&child).await? {
            out.push((child.location, super::format_named("delta")?));
        }
    }
    let deltas: Vec<String> = out
        .iter()
        .map(|(l, _)| format!("{}/", last_segment(l)))
        .collect();
    let mut files = 0;
    for meta in place.list().await? {
        files += 1;
        let relative = place.relative(&meta.location);
        if deltas
            .iter()
            .any(|delta| relative.starts_with(delta.as_str()))
        {
            continue;
        }
        let Some(format) = classify::format_of(relative) else {
            continue;
        };
        let location = match relative.split_once('/') {
            None => place.location.child(relative, false)?,
            Some((folder, _)) if folder.contains('=') => place.location.clone(),
            Some((folder, _)) => place.location.child(folder, true)?,
        };
        match out.iter().find(|(l, _)| *l == location) {
            None => out.push((location, format)),
            Some((_, other)) if other.name() != format.name() => {
                return plan_err!(
                    "\"{location}\" holds files of several formats ({}, {}), which can't be one table; name \
                     a file or a glob",
                    other.name(),
                    format.name()
                );
            }
            Some(_) => {}
        }
    }
    if out.is_empty() {
        return nothing(place, files);
    }
    Ok(out)
}

/// Whether all parts can be read as one table.
async fn uniform(
    session: &dyn Session,
    parts: &[(Location, &'static dyn TableFormat)],
) -> Result<bool> {
    let Some((_, first)) = parts.first() else {
        return Ok(true);
    };
    if first.name() == "delta" || parts.iter().any(|(_, f)| f.name() != first.name()) {
        return Ok(false);
    }
    let mut widest: Vec<String> = Vec::new();
    for (location, format) in parts.iter().take(COMPARED) {
        let mut table = TableDefinition::at(last_segment(location), location.clone());
        table.format = Some(*format);
        let schema = super::open(session, &table).await?.schema();
        let columns: Vec<_> = schema.fields().iter().map(|f| f.name().clone()).collect();
        let subset = |a: &[String], b: &[String]| a.iter().all(|name| b.contains(name));
        // CSV is read by position; the others by name, and may lack columns.
        let alike = match format.name() {
            "csv" => columns == widest,
            _ => subset(&columns, &widest) || subset(&widest, &columns),
        };
        if !widest.is_empty() && !alike {
            return Ok(false);
        }
        if columns.len() > widest.len() {
            widest = columns;
        }
    }
    Ok(true)
}

async fn is_delta(place: &Place) -> Result<bool> {
    // An empty log is still the mark of a Delta table, but only disks have empty folders.
    if place
        .location
        .local_path()
        .is_some_and(|folder| folder.join("_delta_log").is_dir())
    {
        return Ok(true);
    }
    let log = place.path.clone().join("_delta_log");
    Ok(place
        .store
        .list(Some(&log))
        .next()
        .await
        .transpose()?
        .is_some())
}

fn nothing<T>(place: &Place, files: usize) -> Result<T> {
    match files {
        0 => plan_err!("\"{}\" holds no data files", place.location),
        _ => plan_err!(
            "\"{}\" holds no data files; expected some with {}",
            place.location,
            extensions()
        ),
    }
}

fn extensions() -> String {
    let all = FORMATS
        .iter()
        .flat_map(|f| f.extensions())
        .map(|e| format!(".{e}"));
    all.collect::<Vec<_>>().join(", ")
}

/// The name for everything at a place: the file's, the folder's, the glob's
/// fixed part, or the bucket's.
fn name_of(place: &Place) -> String {
    let fixed = place.location.glob().map(|glob| {
        let name = glob.rsplit('/').next().unwrap_or(glob);
        let stem = classify::strip_extensions(name);
        stem.split(['*', '?', '['])
            .next()
            .unwrap_or_default()
            .trim_matches(['-', '_', '.'])
    });
    match fixed {
        Some(stem) if !stem.is_empty() => table_name(stem),
        _ => table_name(&last_segment(&place.location)),
    }
}

fn last_segment(location: &Location) -> String {
    let url = location.url();
    let path = url.path().trim_end_matches('/');
    match path.rsplit('/').next() {
        Some(last) if !last.is_empty() => percent_decode_str(last).decode_utf8_lossy().into_owned(),
        _ => url.host_str().unwrap_or_default().to_string(),
    }
}
