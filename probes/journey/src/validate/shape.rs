//! What a step may have beside what.

use leadsman_probe_actions::http::written_twice;

use crate::settings::{Request, Step};

use super::Review;

impl Review<'_> {
    /// Complains about parts that exclude each other or have no effect.
    pub(super) fn shape(&mut self, step: &Step, pointer: &str) {
        let actions = [
            ("request", step.request.is_some()),
            ("dns", step.dns.is_some()),
            ("tcp", step.tcp.is_some()),
            ("pause", step.pause.is_some()),
            ("use", step.r#use.is_some()),
        ];
        let done: Vec<&str> = chosen(&actions);
        let hint = "a step does one of `request`, `dns`, `tcp`, `pause` and `use`";
        match done.as_slice() {
            [] => self.say(pointer, "this step does nothing", hint),
            [_] => {}
            [first, second, ..] => {
                let message = format!("`{first}` and `{second}` exclude each other");
                self.say(&format!("{pointer}/{second}"), message, hint);
            }
        }
        if step.request.is_none() {
            for (name, is_there) in [
                ("expect", step.expect.is_some()),
                ("until", step.until.is_some()),
            ] {
                if is_there {
                    let message = format!("`{name}` needs a `request`");
                    self.say(&format!("{pointer}/{name}"), message, "remove it");
                }
            }
        }
        self.counts(step, pointer);
        self.times(step, pointer);
        if let Some(request) = &step.request {
            self.alternatives(request, &format!("{pointer}/request"));
        }
    }

    fn times(&mut self, step: &Step, pointer: &str) {
        let limits = [
            ("under", step.under.is_some()),
            ("degraded_above", step.degraded_above.is_some()),
        ];
        let idle = limits
            .into_iter()
            .filter(|(_, is_there)| *is_there && step.r#use.is_some());
        for (name, _) in idle {
            let message = format!("`{name}` has no effect beside `use`");
            let hint = "write it into a step of the fragment";
            self.say(&format!("{pointer}/{name}"), message, hint);
        }
        if let (Some(limit), Some(under)) = (step.degraded_above, step.under)
            && *limit >= *under
        {
            let message = "a step that takes longer has failed already, by `under`";
            self.say(
                &format!("{pointer}/degraded_above"),
                message,
                "write less than `under`",
            );
        }
    }

    fn counts(&mut self, step: &Step, pointer: &str) {
        if step
            .each
            .as_ref()
            .is_some_and(|each| each.at_most == 0 || each.at_most > 100)
        {
            let hint = "write a number from 1 to 100";
            self.say(
                &format!("{pointer}/each/at_most"),
                "a loop has a bound",
                hint,
            );
        }
        let too_often = step
            .until
            .as_ref()
            .is_some_and(|until| until.every.as_millis() < 10);
        if too_often {
            let hint = "write `10ms` or more";
            self.say(
                &format!("{pointer}/until/every"),
                "this would ask without a pause",
                hint,
            );
        }
    }

    fn alternatives(&mut self, request: &Request, pointer: &str) {
        let signs_in = [
            ("basic", request.basic.is_some()),
            ("bearer", request.bearer.is_some()),
            ("oauth2", request.oauth2.is_some()),
        ];
        let groups: [&[(&str, bool)]; 3] = [
            &[
                ("path", request.path.is_some()),
                ("url", request.url.is_some()),
            ],
            &[
                ("body", request.body.is_some()),
                ("json", request.json.is_some()),
                ("form", request.form.is_some()),
            ],
            &signs_in,
        ];
        for group in groups {
            if let [first, second, ..] = chosen(group).as_slice() {
                let message = format!("`{first}` and `{second}` exclude each other");
                self.say(&format!("{pointer}/{second}"), message, "keep one of them");
            }
        }
        self.fields(request, chosen(&signs_in).first().copied(), pointer);
    }

    /// Complains about header fields that two settings write: both would be sent.
    fn fields(&mut self, request: &Request, signs_in: Option<&str>, pointer: &str) {
        const AUTHORIZATION: &str = "authorization";
        let names = || request.headers.keys();
        if let Some(setting) = signs_in {
            self.all(written_twice(names(), AUTHORIZATION, setting), pointer);
        }
        let Some(sign) = &request.sign else {
            return;
        };
        self.all(written_twice(names(), &sign.header, "sign"), pointer);
        if let Some(setting) = signs_in.filter(|_| sign.header.eq_ignore_ascii_case(AUTHORIZATION))
        {
            let message = format!("`{setting}` writes this field too: both would be sent");
            let place = format!("{pointer}/sign/header");
            self.say(&place, message, "keep one of them");
        }
    }
}

fn chosen<'n>(parts: &[(&'n str, bool)]) -> Vec<&'n str> {
    let there = parts.iter().filter(|(_, is_there)| *is_there);
    there.map(|(name, _)| *name).collect()
}
