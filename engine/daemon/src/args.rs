//! What can be written on the command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    configuration::Copies,
    web::{ExternalUrl, Prefix},
};

/// A synthetic prober: runs sandboxed checks on a schedule and exports availability and latency SLIs.
#[derive(Debug, Parser)]
#[command(name = "leadsman", version, about, disable_help_subcommand = true)]
pub struct Arguments {
    /// How much is logged: `error`, `warn`, `info`, `debug`, `trace`.
    #[arg(
        long = "log.level",
        global = true,
        default_value = "info",
        value_name = "LEVEL"
    )]
    pub log_level: String,

    /// How log lines are written.
    #[arg(
        long = "log.format",
        global = true,
        default_value = "logfmt",
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,

    /// Where compiled probes are kept between runs.
    #[arg(
        long = "cache.dir",
        global = true,
        env = "LEADSMAN_CACHE_DIR",
        value_name = "DIR"
    )]
    pub cache: Option<PathBuf>,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the checks of a configuration and serves their metrics.
    Run(Run),
    /// Checks a configuration; nothing is sent anywhere.
    Validate(Validate),
    /// Makes one run of each target and shows it: of a configured check, a bundled probe, or a component file.
    Once(Once),
    /// Makes journeys from what is there already.
    #[command(subcommand)]
    Journey(Journey),
    /// Says what a check is: its next ticks, grants and limits, and where each value comes from.
    Explain(Explain),
    /// Says what a probe is: what it imports, its settings and measures, and its digest. None of its runs is made.
    Inspect(Inspect),
    /// Shows the last runs of a check in a running daemon, or one of them as a waterfall.
    Runs(Runs),
    /// Says how a running daemon and its checks are, the worst first; the exit status is the outcome.
    Status(Status),
    /// Fetches the probes that a configuration names in registries and that are not here, into the cache; a daemon
    /// does so by itself.
    Pull(Pull),
    /// Prints the JSON Schema of the configuration, for editors.
    Schema(Schema),
    /// Prints completions for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Writes the manual pages, one for each command.
    Man {
        /// The folder that they are written into.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// `leadsman run`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
#[derive(Debug, Clone, Args)]
pub struct Run {
    /// The configuration.
    #[arg(long = "config", value_name = "FILE")]
    pub config: PathBuf,

    /// Where metrics are served; may be repeated.
    #[arg(
        long = "web.listen-address",
        default_value = "127.0.0.1:9617",
        value_name = "ADDRESS"
    )]
    pub listen: Vec<SocketAddr>,

    /// How the daemon is reached from outside, such as `https://ops.example/prober/` behind a reverse proxy.
    /// `leadsman_web_info` tells it to alerts; its path stands before every endpoint's, where
    /// `--web.route-prefix` does not say otherwise.
    #[arg(long = "web.external-url", value_name = "URL")]
    pub external_url: Option<ExternalUrl>,

    /// What stands before every endpoint's path; `/` where a proxy takes the path of `--web.external-url` off.
    #[arg(long = "web.route-prefix", value_name = "PATH")]
    pub route_prefix: Option<Prefix>,

    /// TLS, users and limits of the endpoints, as Prometheus' exporters read them; a change takes effect
    /// without a restart.
    #[arg(long = "web.config.file", value_name = "FILE")]
    pub web_config: Option<PathBuf>,

    /// Hold the first tick until the first scrape has been served.
    #[arg(long = "web.wait-for-first-scrape")]
    pub wait_for_first_scrape: bool,

    /// Reload when a file of the configuration has changed. Discovered targets, certificates and secrets
    /// are always watched, as are this machine's `/etc/resolv.conf`, `/etc/hosts` and trusted authorities.
    #[arg(long = "config.watch")]
    pub watch: bool,

    /// Refuse the whole configuration where one file is wrong, instead of that file alone.
    #[arg(long = "config.strict")]
    pub strict: bool,

    /// Where copies of good files are kept for a start with a bad one.
    #[arg(long = "state.dir", env = "LEADSMAN_STATE_DIR", value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// Allow `POST /-/reload`.
    #[arg(long = "web.enable-lifecycle")]
    pub lifecycle: bool,

    /// How many scrapers have to see the last values before the daemon ends; for two Prometheus servers, 2.
    #[arg(long = "web.wait-for-scrapers", alias = "web.wait-for-scrapes", default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=16), value_name = "N")]
    pub wait_for_scrapes: u64,

    /// How long runs under way may take to end after a signal, such as `30s`.
    #[arg(long = "shutdown.grace", default_value = "130s", value_parser = leadsman_config::duration, value_name = "DURATION")]
    pub grace: std::time::Duration,

    /// Leave classic histogram buckets out of the text format.
    #[arg(long = "metrics.no-classic-histograms")]
    pub no_classic_histograms: bool,

    /// How many runs may be under way at once; bounded by the file descriptors there are.
    #[arg(long = "runs.concurrent", default_value_t = 4000, value_parser = clap::value_parser!(u32).range(1..=20_000), value_name = "N")]
    pub concurrent: u32,
}

impl Run {
    /// What stands before every endpoint's path.
    pub fn prefix(&self) -> Prefix {
        let external = || Some(self.external_url.as_ref()?.prefix().clone());
        let chosen = self.route_prefix.clone();
        chosen.or_else(external).unwrap_or_default()
    }

    /// Where copies of good files are kept: as it is said, or where the service manager says.
    pub fn copies(&self) -> Option<Copies> {
        let of_service = || std::env::var_os("STATE_DIRECTORY").map(PathBuf::from);
        let state = self.state.clone().or_else(of_service)?;
        match Copies::open(&state) {
            Ok(copies) => Some(copies),
            Err(error) => {
                tracing::warn!(folder = %state.display(), %error, "no copies of good files can be kept; a start with a bad file will not have them");
                None
            }
        }
    }
}

/// `leadsman validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// The configuration.
    #[arg(long = "config", value_name = "FILE")]
    pub config: PathBuf,

    /// The web configuration that `run` is given, with the certificates and keys that it names.
    #[arg(long = "web.config.file", value_name = "FILE")]
    pub web_config: Option<PathBuf>,

    /// For people, for programs, or as annotations of a pull request.
    #[arg(long, default_value = "text")]
    pub format: ReportFormat,

    /// Say what each check and each team costs in series.
    #[arg(long)]
    pub series: bool,

    /// Look up every target, and say what the network policy makes of its addresses. This alone asks the
    /// resolver; one target that cannot be reached ends with 69.
    #[arg(long)]
    pub resolve: bool,

    /// Say what changes from another configuration: checks added, removed, changed, and what keeps its history.
    #[arg(long, value_name = "OLD")]
    pub diff: Option<PathBuf>,
}

/// How mistakes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people.
    Text,
    /// Workflow commands of GitHub Actions.
    Github,
    /// For programs.
    Json,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// `key=value` pairs.
    Logfmt,
    /// A JSON object a line.
    Json,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// `leadsman once`.
#[derive(Debug, Args)]
pub struct Once {
    /// A check of the configuration, a bundled probe (`http`, `dns`, `tls`, `tcp`, `journey`), or a component file.
    #[arg(value_name = "CHECK|PROBE|FILE.wasm")]
    pub subject: String,

    /// The configuration that has the check.
    #[arg(long = "config", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The target: an address, or the name of one of the check's targets; without it all of them are examined, one
    /// after the other, and the exit status is that of the worst: fail, unknown, degraded, pass. A name that leads to
    /// this machine, such as `localhost`, needs a check of a configuration that has `network.allow`; its address,
    /// such as `127.0.0.1`, does not.
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,

    /// A setting, as `name=value`; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,

    /// How long an attempt may take, such as `10s`; without it what the check says, else 10s.
    #[arg(long, value_name = "DURATION")]
    pub timeout: Option<String>,

    /// A host that the probe may ask besides the target and what the check grants; may be repeated.
    #[arg(long = "grant", value_name = "HOST")]
    pub grants: Vec<String>,

    /// Run again at each save of the configuration or the component.
    #[arg(long)]
    pub watch: bool,

    /// Stop after this step of a journey, clean up, and print the variables; secrets are hidden.
    #[arg(long, value_name = "NAME")]
    pub step: Option<String>,

    /// The run as JSON, for programs; of several targets one line of JSON each.
    #[arg(long)]
    pub json: bool,
}

/// `leadsman journey`.
#[derive(Debug, Subcommand)]
pub enum Journey {
    /// Reads a browser's HAR, curl command lines or a Hurl file; writes a configuration with a journey to
    /// standard output, and what cannot be carried over, line by line, to standard error.
    Import(Import),
}

/// `leadsman journey import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The file; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// What it is; without it, its name and its content say so.
    #[arg(long, value_enum)]
    pub format: Option<ImportFormat>,

    /// What the check is called.
    #[arg(long, default_value = "imported", value_name = "NAME")]
    pub name: String,

    /// The value of a variable that the file leaves open; may be repeated.
    #[arg(long = "variable", value_name = "NAME=VALUE")]
    pub variables: Vec<String>,
}

/// What can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// A recording of a browser (HAR 1.2).
    Har,
    /// Command lines of `curl`.
    Curl,
    /// A Hurl file.
    Hurl,
}

/// `leadsman explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The check.
    pub check: String,

    /// Only where each effective value comes from: file and line.
    #[arg(long)]
    pub origins: bool,

    /// The configuration.
    #[arg(long = "config", value_name = "FILE")]
    pub config: PathBuf,
}

/// `leadsman inspect`.
#[derive(Debug, Args)]
pub struct Inspect {
    /// A bundled probe (`http`, `dns`, `tls`, `tcp`, `journey`), one of the configuration's, or a component file.
    #[arg(value_name = "PROBE|FILE.wasm")]
    pub probe: String,

    /// The configuration that names the probe.
    #[arg(long = "config", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

/// `leadsman pull`.
#[derive(Debug, Args)]
pub struct Pull {
    /// The configuration.
    #[arg(long = "config", value_name = "FILE")]
    pub config: PathBuf,

    /// JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

/// `leadsman schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// Add the probes of this configuration to the bundled ones.
    #[arg(long = "config", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Which running daemon is asked.
#[derive(Debug, Args)]
pub struct Daemon {
    /// Where it serves; a user and a password may stand in it, as `https://user:password@host:9617`.
    #[arg(
        long,
        default_value = "http://127.0.0.1:9617",
        env = "LEADSMAN_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub url: String,

    /// A PEM file with authorities to trust beside the machine's own.
    #[arg(long = "ca", env = "LEADSMAN_CA", value_name = "FILE")]
    pub authorities: Option<PathBuf>,

    /// JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

/// `leadsman runs`.
#[derive(Debug, Args)]
pub struct Runs {
    /// The check.
    pub check: String,

    /// One of its targets, by name or address.
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,

    /// One run, as a waterfall.
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,

    /// The daemon.
    #[command(flatten)]
    pub daemon: Daemon,
}

/// `leadsman status`.
#[derive(Debug, Args)]
pub struct Status {
    /// The daemon.
    #[command(flatten)]
    pub daemon: Daemon,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_listens_on_one_port_of_this_machine_and_waits_for_no_scrape_unless_it_is_told_to() {
        let read = |more: &[&str]| {
            let words = ["leadsman", "run", "--config", "x.yaml"];
            let parsed = Arguments::try_parse_from(words.iter().chain(more)).unwrap();
            match parsed.command {
                Command::Run(run) => (run.listen, run.wait_for_first_scrape, run.lifecycle),
                other => panic!("{other:?}"),
            }
        };
        let here = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert_eq!(read(&[]), (vec![here("127.0.0.1:9617")], false, false));
        let more = [
            "--web.listen-address",
            "[::1]:1",
            "--web.wait-for-first-scrape",
        ];
        assert_eq!(read(&more), (vec![here("[::1]:1")], true, false));
    }
}
