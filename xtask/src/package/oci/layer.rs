//! Archives without times and names of this machine.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
};

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::super::tree::Tree;
use crate::failure::Failure;

/// A layer: the tree in order, every time 0.
pub(super) fn tar(tree: &Tree) -> Result<Vec<u8>, Failure> {
    let mut archive = Builder::new(Vec::new());
    for (path, entry) in tree.iter() {
        let content = entry.content.as_deref();
        let mut header = header(entry.mode, entry.owner, content.map(<[u8]>::len))?;
        archive.append_data(&mut header, path, content.unwrap_or_default())?;
    }
    Ok(archive.into_inner()?)
}

/// A header; what has no length is a folder.
fn header(mode: u32, owner: u64, length: Option<usize>) -> Result<Header, Failure> {
    let mut header = Header::new_ustar();
    let kind = length.map_or(EntryType::Directory, |_| EntryType::Regular);
    header.set_entry_type(kind);
    header.set_size(u64::try_from(length.unwrap_or(0))?);
    header.set_mode(mode);
    header.set_uid(owner);
    header.set_gid(owner);
    header.set_mtime(0);
    Ok(header)
}

/// Compressed, without a name or a time.
pub(super) fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut packed = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::default());
    packed.write_all(bytes)?;
    Ok(packed.finish()?)
}

/// A whole layout as one file.
pub(super) fn archive(layout: &Path, file: impl Write) -> Result<(), Failure> {
    let mut archive = Builder::new(file);
    append(&mut archive, layout, Path::new(""))?;
    archive.into_inner()?.flush()?;
    Ok(())
}

fn append(archive: &mut Builder<impl Write>, root: &Path, folder: &Path) -> Result<(), Failure> {
    let entries = fs::read_dir(root.join(folder))?;
    let mut names = entries
        .map(|entry| Ok(folder.join(entry?.file_name())))
        .collect::<std::io::Result<Vec<_>>>()?;
    names.sort();
    for name in names {
        let path = root.join(&name);
        if path.is_dir() {
            archive.append_data(&mut header(0o755, 0, None)?, &name, std::io::empty())?;
            append(archive, root, &name)?;
        } else {
            let mut content = Vec::new();
            fs::File::open(&path)?.read_to_end(&mut content)?;
            archive.append_data(
                &mut header(0o644, 0, Some(content.len()))?,
                &name,
                content.as_slice(),
            )?;
        }
    }
    Ok(())
}
