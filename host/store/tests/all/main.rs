//! The store's tests: what every backend has to keep (`conformance`), run on SQLite; what is
//! SQLite's own (`sqlite`); and random interleavings against a model (`interleavings`, `serial`).

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod serial;
#[cfg(test)]
mod sqlite;
