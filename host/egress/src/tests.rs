//! Whole requests against real servers, and one test for each thing that is refused.

mod addresses;
mod answers;
mod redirects;
mod refusals;
mod secrets;
mod server;
