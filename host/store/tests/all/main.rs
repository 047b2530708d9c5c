//! The store's tests: what every backend has to keep (`conformance`), run on SQLite; what is
//! SQLite's own (`sqlite`); and random interleavings against a model (`interleavings`).

mod conformance;
mod interleavings;
mod samples;
mod sqlite;
