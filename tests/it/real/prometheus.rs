//! A real Prometheus, asked through its HTTP API.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use super::{
    http::{self, at},
    process::{Process, free_port, tool},
};

/// A running Prometheus.
#[derive(Debug)]
pub(super) struct Prometheus {
    process: Process,
    port: u16,
}

impl Prometheus {
    /// Starts it on a configuration, with its data in the same folder.
    pub(super) fn start(configuration: &Path, options: &[&str]) -> Self {
        let port = free_port();
        let data = configuration.with_extension("data");
        let mut command = Command::new(tool("prometheus"));
        command.arg(format!("--config.file={}", configuration.display()));
        command.arg(format!("--storage.tsdb.path={}", data.display()));
        command
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(options);
        let mut process = Process::start(&mut command, &configuration.with_extension("log"));
        process.until("Prometheus is ready", || http::text(port, "/-/ready"));
        Self { process, port }
    }

    /// The same, on a configuration that scrapes one port each second.
    pub(super) fn of(folder: &Path, scraped: u16, options: &[&str]) -> Self {
        let text = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n  - job_name: leadsman\n    static_configs: [{{targets: ['127.0.0.1:{scraped}']}}]\n"
        );
        let file = folder.join("prometheus.yml");
        fs::write(&file, text).expect("the folder of the test can be written");
        Self::start(&file, options)
    }

    /// The result of a query: each with `metric` and `value` or `values`.
    pub(super) fn query(&self, query: &str) -> Vec<Value> {
        let path = format!("/api/v1/query?query={}", http::escaped(query));
        let answer = http::json(self.port, &path);
        let result = answer.and_then(|answer| at(&answer, "/data/result").as_array().cloned());
        result.unwrap_or_default()
    }

    /// Waits until a query yields something that the condition takes.
    pub(super) fn until<T>(
        &mut self,
        query: &str,
        mut condition: impl FnMut(&[Value]) -> Option<T>,
    ) -> T {
        let port = self.port;
        let path = format!("/api/v1/query?query={}", http::escaped(query));
        self.process.until(query, || {
            let answer = http::json(port, &path)?;
            condition(at(&answer, "/data/result").as_array()?)
        })
    }

    /// Every sample of each counter that a selector finds, as it was scraped: its time and its value.
    pub(super) fn raw_series(&self, selector: &str) -> Vec<Vec<(f64, u64)>> {
        let found = self.query(&format!("{selector}[1h]"));
        let pair = |pair: &Value| {
            let value = at(pair, "/1").as_str()?;
            Some((at(pair, "/0").as_f64()?, value.parse().ok()?))
        };
        let values = found.iter().map(|series| at(series, "/values").as_array());
        values
            .map(|values| values.into_iter().flatten().filter_map(pair).collect())
            .collect()
    }

    /// The same, of the only counter that a selector finds.
    pub(super) fn raw(&self, selector: &str) -> Vec<(f64, u64)> {
        let mut found = self.raw_series(selector);
        assert_eq!(found.len(), 1, "{selector}");
        found.pop().unwrap_or_default()
    }

    /// Waits until the only target is seen up, or down.
    pub(super) fn sees(&mut self, up: bool) {
        let wanted = if up { "1" } else { "0" };
        self.until("up", |found| {
            (at(found.first()?, "/value/1") == wanted).then_some(())
        });
    }
}
