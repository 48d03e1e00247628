//! `cargo xtask package`: what people install, built from one release build and from `packaging/`.

mod binary;
mod deb;
mod oci;
mod tool;
mod tree;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};

use crate::{
    build::{self, Linked},
    cargo,
    failure::Failure,
    profile::Profile,
};

/// The program that is packaged.
const PROGRAM: &str = "leadsman";

/// What is built.
#[derive(Debug, Subcommand)]
pub(crate) enum Kind {
    /// A Debian package for this machine's release and architecture.
    Deb(Options),
    /// An OCI image: a layout folder, and the same as one archive. Needs no container daemon.
    Oci(Image),
    /// The program alone, which needs no library of the machine that it runs on.
    Binary(Options),
}

/// What an image needs.
#[derive(Debug, Args)]
pub(crate) struct Image {
    /// The program, and where to.
    #[command(flatten)]
    options: Options,

    /// Link the libraries of this machine, and put them into the image.
    #[arg(long)]
    dynamic: bool,
}

/// What all need.
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
    fn program(&self, linked: Linked) -> Result<PathBuf, Failure> {
        match &self.program {
            Some(program) => Ok(program.canonicalize()?),
            None => build::shipped(&[PROGRAM], &[], (linked, &Profile::Used))?.named(PROGRAM),
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
            // Its libraries are Debian's, so that a mended one reaches it.
            let program = options.program(Linked::Dynamically)?;
            let package = deb::build(&program, &options.folder()?, "xz")?;
            deb::check(&package)?;
            println!("==> {}: `apt-get install {0}`", package.display());
        }
        Kind::Oci(Image { options, dynamic }) => {
            let linked = if *dynamic {
                Linked::Dynamically
            } else {
                Linked::Statically
            };
            let (layout, archive) = oci::build(&options.program(linked)?, &options.folder()?)?;
            println!("==> {}", layout.display());
            println!("==> {}: `podman load -i {0}`", archive.display());
        }
        Kind::Binary(options) => {
            let program = options.program(Linked::Statically)?;
            let to = binary::write(&program, &options.folder()?)?;
            println!("==> {}", to.display());
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
