//! A module that does nothing: the floor that calls are measured against.
