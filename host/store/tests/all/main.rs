//! The store's tests: what every backend has to keep (`conformance`), run on SQLite; what is
//! SQLite's own (`sqlite`, `sealed`, `backup`, `growth`, `full_disk`); random interleavings against a
//! model (`interleavings`, `serial`), and what may still be read after retention (`forgetting`); and
//! two clients with the same keys (`isolation`).

#[cfg(test)]
mod backup;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod forgetting;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod growth;
#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod isolation;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod sealed;
#[cfg(test)]
mod serial;
#[cfg(test)]
mod sqlite;
