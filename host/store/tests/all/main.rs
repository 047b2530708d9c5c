//! The store's tests: what every backend has to keep (`conformance`), run on SQLite; what is
//! SQLite's own (`sqlite`, `sealed`); and random interleavings against a model (`interleavings`,
//! `serial`).

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod serial;
mod sealed;
#[cfg(test)]
mod sqlite;
