//! A real nginx in a folder of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::process::{Process, tool};

/// A running nginx.
#[derive(Debug)]
pub(super) struct Nginx {
    process: Process,
}

impl Nginx {
    /// Starts it, as one process that leaves nothing behind when it is killed, with these `server` blocks and waits until the port accepts. `log_format probes` is a request's
    /// path, status and time in seconds.
    pub(super) fn start(folder: &Path, port: u16, servers: &str) -> Self {
        let place = folder.display();
        let text = format!(
            "daemon off;\nmaster_process off;\npid {place}/nginx.pid;\nerror_log {place}/nginx.err;\nevents {{}}\nhttp {{\n\
             log_format probes '$request_uri $status $msec';\naccess_log off;\n\
             client_body_temp_path {place}/t1;\nproxy_temp_path {place}/t2;\nfastcgi_temp_path {place}/t3;\n\
             uwsgi_temp_path {place}/t4;\nscgi_temp_path {place}/t5;\n{servers}\n}}\n"
        );
        let file: PathBuf = folder.join("nginx.conf");
        fs::write(&file, text).expect("the folder of the test can be written");
        let mut command = Command::new(tool("nginx"));
        command
            .arg("-e")
            .arg(folder.join("nginx.err"))
            .arg("-p")
            .arg(folder)
            .arg("-c")
            .arg(&file);
        let mut process = Process::start(&mut command, &folder.join("nginx.out"));
        process.listens(port);
        Self { process }
    }

    /// Ends it in order: an answer that was given has been logged.
    pub(super) fn stop(mut self) {
        self.process.signal("QUIT");
        assert!(self.process.ended().success(), "{}", self.process.output());
    }
}
