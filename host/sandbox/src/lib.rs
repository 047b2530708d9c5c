//! Wasm components: load, limit, grant, call.
