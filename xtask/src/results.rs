//! What `cargo test` said: its own result lines, gathered for the end.

/// The result lines of one or more runs of `cargo test`.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// What runs now, in cargo's words (`unittests src/lib.rs (…)`).
    running: String,
    lines: Vec<String>,
    failures: Vec<String>,
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Results {
    /// Hears one line of cargo or of a test program.
    pub(crate) fn hear(&mut self, line: &str) {
        let line = without_colour(line);
        let line = line.trim();
        if let Some(running) = line.strip_prefix("Running ") {
            self.running = running.to_owned();
        } else if let Some(tested) = line.strip_prefix("Doc-tests ") {
            self.running = format!("doc tests of {tested}");
        } else if line.starts_with("test result: ") {
            self.count(line);
        } else if let Some(test) = line.strip_prefix("test ")
            && let Some(test) = test.strip_suffix(" ... FAILED")
        {
            self.failures.push(format!("failed: {test} in {}", self.running));
        }
    }

    /// Says that the next run is of the tests that were ignored so far.
    pub(crate) fn ignored_run_next(&mut self) {
        self.ignored = 0;
    }

    /// The words for the end: cargo's result lines of all that had tests to run, the tests that
    /// failed, and the sums.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        for line in self.lines.iter().chain(&self.failures) {
            text.push_str(line);
            text.push('\n');
        }
        let Self { passed, failed, ignored, .. } = self;
        text + &format!("tests: {passed} passed, {failed} failed, {ignored} ignored")
    }

    fn count(&mut self, line: &str) {
        let count = |what: &str| -> u64 {
            let part = line.split(['.', ';']).find_map(|part| part.trim().strip_suffix(what));
            part.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
        };
        let (passed, failed, ignored) = (count("passed"), count("failed"), count("ignored"));
        self.passed += passed;
        self.failed += failed;
        self.ignored += ignored;
        if passed + failed + ignored > 0 {
            self.lines.push(format!("{line}  {}", self.running));
        }
    }
}

/// The line without the terminal's colour codes (`ESC [ … m`).
fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, code)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        rest = code.split_once('m').map_or("", |(_, after)| after);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_failures_come_last() {
        let mut results = Results::default();
        for line in [
            "     Running unittests src/lib.rs (target/debug/deps/one-1234)",
            "test counts ... ok",
            "test diff::merges ... \x1b[31mFAILED\x1b[0m",
            "test result: \x1b[31mFAILED\x1b[0m. 41 passed; 1 failed; 2 ignored; 0 measured; \
             0 filtered out; finished in 0.70s",
            "   Doc-tests one",
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
            "\x1b[1m\x1b[92m     Running\x1b[0m tests/tidy.rs (target/debug/deps/tidy-12)",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
        ] {
            results.hear(line);
        }
        assert_eq!(
            results.summary(),
            "test result: FAILED. 41 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; \
             finished in 0.70s  unittests src/lib.rs (target/debug/deps/one-1234)\n\
             test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out  \
             tests/tidy.rs (target/debug/deps/tidy-12)\n\
             failed: diff::merges in unittests src/lib.rs (target/debug/deps/one-1234)\n\
             tests: 44 passed, 1 failed, 2 ignored"
        );
    }
}
