//! `fondaco trace` and `fondaco runs show`: stories, each on one screen.

use clap::{Args, Subcommand};
use fondaco_web::views::{
    ActionView, UseView,
    story::{HttpView, RunStoryView, TouchedView, TraceView},
};

use crate::ask::{Asking, ask, moment};

/// What can be asked about runs.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Tell all there is to one run: what it heard, read, wrote, was answered and proposed.
    Show {
        /// The install.
        install: String,
        /// The run's number within its install.
        number: u64,
        /// The client.
        #[arg(long)]
        client: String,
        /// Which host to ask.
        #[command(flatten)]
        asking: Asking,
    },
}

/// Which trace.
#[derive(Debug, Args)]
pub struct Tracing {
    /// The trace's id, as lists, stories and the log tell it.
    trace: String,
    /// The client.
    #[arg(long)]
    client: String,
    #[command(flatten)]
    asking: Asking,
}

/// Tells all that is under one trace, in order.
///
/// # Errors
/// If the host does not answer, or knows no such trace.
pub async fn trace(tracing: &Tracing) -> anyhow::Result<()> {
    let path = format!("/api/v1/clients/{}/traces/{}", tracing.client, tracing.trace);
    let Some(trace) = ask::<TraceView>(&tracing.asking, &path).await? else {
        return Ok(());
    };
    println!("trace {}", trace.trace);
    for step in trace.steps {
        println!("{}  {:<8} {}: {}", moment(step.at), step.kind, step.which, step.words);
    }
    for action in trace.actions.iter().filter(|action| action.end.is_none()) {
        println!("{:<24}  action   {} is {}{}", "", action.id, action.state, next_try(action));
    }
    Ok(())
}

/// Tells one run's story.
///
/// # Errors
/// If the host does not answer, or knows no such run.
pub async fn runs(command: RunsCommand) -> anyhow::Result<()> {
    let RunsCommand::Show { install, number, client, asking } = command;
    let path = format!("/api/v1/clients/{client}/runs/{install}/{number}");
    if let Some(story) = ask::<RunStoryView>(&asking, &path).await? {
        print(&story);
    }
    Ok(())
}

fn print(story: &RunStoryView) {
    let run = &story.run;
    let reason = run.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    println!("run {} of {}: {}{reason}", run.number, run.install, run.result);
    let about = story.about.as_deref().unwrap_or("no longer kept");
    println!("  event {}  {about}", run.event);
    println!("  trace {}", run.trace);
    let committed = run.committed_at.map(moment).unwrap_or_default();
    println!(
        "  began {}, took {} µs, committed {committed}",
        moment(run.began_at),
        run.used_of("wall-us")
    );
    if run.conflicts > 0 {
        println!("  done again {} times, since something it read had changed", run.conflicts);
    }
    println!("used");
    run.used.iter().filter(|view| view.used > 0).for_each(print_use);
    section("state", &story.state, print_touched);
    if story.state_left_out > 0 {
        println!("  and {} keys more", story.state_left_out);
    }
    section("http", &story.http, print_http);
    section("log", &run.log, |line| println!("  {line}"));
    section("proposed", &story.actions, print_action);
}

fn section<T>(title: &str, rows: &[T], print: impl Fn(&T)) {
    if !rows.is_empty() {
        println!("{title}");
        rows.iter().for_each(print);
    }
}

fn print_use(view: &UseView) {
    println!("  {:<16} {:>14} of {}", view.resource, view.used, view.limit);
}

fn print_touched(touched: &TouchedView) {
    let more = match (touched.how.as_str(), touched.number) {
        ("read", Some(0)) => ", which had no value".to_owned(),
        ("read", Some(commit)) => format!(" of commit {commit}"),
        (_, Some(entries)) => format!("…, {entries} entries"),
        (_, None) => String::new(),
    };
    println!("  {:<8} {}{more}", touched.how, touched.key);
}

fn print_http(answer: &HttpView) {
    match (answer.status, &answer.failure) {
        (Some(status), _) => println!("  {status} from {}, {} bytes", answer.host, answer.bytes),
        (None, Some(failure)) => println!("  nothing from {}: {failure}", answer.host),
        (None, None) => println!("  nothing from {}", answer.host),
    }
}

fn print_action(action: &ActionView) {
    let end = action.end.as_ref().unwrap_or(&action.state);
    let detail = action.detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
    println!("  {end}: {}{detail}{}", action.what, next_try(action));
    println!("    {}: {}", action.id, action.why_en);
}

/// Why an action waits, and until when, if it was tried in vain.
pub fn next_try(action: &ActionView) -> String {
    let (Some(at), Some(reason)) = (action.next_try_at, &action.last_reason) else {
        return String::new();
    };
    format!("; tried {} times, again at {}: {reason}", action.attempts, moment(at))
}
