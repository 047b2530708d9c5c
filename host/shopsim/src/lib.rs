//! Simulated shops that speak the vendors' own APIs.
