//! What crosses rooms: end to end, crashes, benchmarks.
