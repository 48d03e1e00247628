//! `cargo xtask package`: what people install, built from one release build and from `packaging/`.

mod deb;
mod oci;
mod tool;
mod tree;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};

use crate::{build, cargo, failure::Failure};

/// The program that is packaged.
const PROGRAM: &str = "leadsman";

/// What is built.
#[derive(Debug, Subcommand)]
pub(crate) enum Kind {
    /// A Debian package for this machine's release and architecture.
    Deb(Options),
    /// An OCI image: a layout folder, and the same as one archive. Needs no container daemon.
    Oci(Options),
}

/// What both need.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Package this program instead of building one.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,

    /// Where the result is put.
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

impl Options {
    fn program(&self) -> Result<PathBuf, Failure> {
        match &self.program {
            Some(program) => Ok(program.canonicalize()?),
            None => build::shipped(PROGRAM),
        }
    }

    /// The folder of results, made where it is missing.
    fn folder(&self) -> Result<PathBuf, Failure> {
        let folder = self.to.clone();
        let folder = folder.unwrap_or_else(|| cargo::root().join("target/package"));
        fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
        Ok(folder.canonicalize()?)
    }
}

/// Builds one of them and says where it is.
pub(crate) fn run(kind: &Kind) -> Result<(), Failure> {
    match kind {
        Kind::Deb(options) => {
            let package = deb::build(&options.program()?, &options.folder()?, "xz")?;
            deb::check(&package)?;
            println!("==> {}: `apt-get install {0}`", package.display());
        }
        Kind::Oci(options) => {
            let (layout, archive) = oci::build(&options.program()?, &options.folder()?)?;
            println!("==> {}", layout.display());
            println!("==> {}: `podman load -i {0}`", archive.display());
        }
    }
    Ok(())
}

/// A file of the repository.
fn source(path: &str) -> Result<Vec<u8>, Failure> {
    read(&cargo::root().join(path))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::file(path, &error))
}
