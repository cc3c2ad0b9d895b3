//! The zip, and how its parts refer to each other.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{Cursor, Read};

use cortex_ingestion::ports::ExtractError;
use quick_xml::events::Event;
use zip::ZipArchive;
use zip::result::ZipError;

use super::xml::{Unpacking, Xml, attribute, is_named};
use crate::limits::{MAX_MEMBERS, MAX_UNPACKED_BYTES};

/// An Office file. All that is read of it may unpack to so much.
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// By name as parts are compared: without case.
    members: HashMap<String, usize>,
    left: Cell<u64>,
}

/// That a part needs another one.
pub(super) struct Relation {
    pub(super) id: String,
    /// What for: the last word of an address.
    pub(super) kind: String,
    /// Its name.
    pub(super) target: String,
}

/// How an entry of the directory of a zip begins.
const ENTRY: &[u8] = b"PK\x01\x02";

impl<'a> Package<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, ExtractError> {
        // Before any is kept. What the directory says of their number may be a lie.
        if bytes.windows(ENTRY.len()).filter(|window| *window == ENTRY).nth(MAX_MEMBERS).is_some() {
            return Err(ExtractError::ExpandsTooMuch);
        }
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| complaint(&error))?;
        let members = (0..archive.len()).filter_map(|at| Some((folded(&archive.name_for_index(at)?.ok()?), at)));
        let members = members.collect();
        Ok(Self { archive, members, left: Cell::new(MAX_UNPACKED_BYTES) })
    }

    /// A part; none where there is none of this name.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<Xml<'_>>, ExtractError> {
        let Some(at) = self.members.get(&folded(name)) else { return Ok(None) };
        let member = self.archive.by_index(*at).map_err(|error| complaint(&error))?;
        Ok(Some(Xml::new(Unpacking::new(member, &self.left))))
    }

    /// The first bytes of a member.
    pub(super) fn small(&mut self, name: &str, most: usize) -> Result<Option<Vec<u8>>, ExtractError> {
        let Some(at) = self.members.get(&folded(name)) else { return Ok(None) };
        let member = self.archive.by_index(*at).map_err(|error| complaint(&error))?;
        let mut bytes = Vec::new();
        member.take(most as u64).read_to_end(&mut bytes).map_err(|_| ExtractError::Broken)?;
        Ok(Some(bytes))
    }

    /// The name of the part that everything begins with.
    pub(super) fn main_part(&mut self) -> Result<String, ExtractError> {
        let relations = self.relations("")?;
        let main = relations.into_iter().find(|relation| relation.kind == "officeDocument");
        main.map(|main| main.target).ok_or(ExtractError::Broken)
    }

    /// What a part needs; what the whole package does for no name.
    pub(super) fn relations(&mut self, part: &str) -> Result<Vec<Relation>, ExtractError> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let name = if folder.is_empty() { format!("_rels/{file}.rels") } else { format!("{folder}/_rels/{file}.rels") };
        let mut relations = Vec::new();
        let Some(mut xml) = self.part(&name)? else { return Ok(relations) };
        while let Some(event) = xml.next()? {
            let Event::Start(element) = event else { continue };
            if !is_named(&element, "Relationship")
                || attribute(&element, "TargetMode").is_some_and(|mode| mode == "External")
            {
                continue;
            }
            let [id, kind, target] = ["Id", "Type", "Target"].map(|name| attribute(&element, name));
            if let (Some(id), Some(kind), Some(target)) = (id, kind, target) {
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                relations.push(Relation { id, kind, target: resolved(folder, &target) });
            }
        }
        Ok(relations)
    }
}

fn complaint(error: &ZipError) -> ExtractError {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            ExtractError::Encrypted
        }
        _ => ExtractError::Broken,
    }
}

/// Names are compared without case. Some programs write what they would write of files on Windows.
fn folded(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_lowercase()
}

/// A name as it is meant within a folder.
fn resolved(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut names: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for name in target.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    names.retain(|name| !name.is_empty());
    names.join("/")
}
