//! Compiled code: the process that compiles cannot do anything else, and the cache never hands out
//! what it should not.

mod cache;
mod child;

use std::{path::PathBuf, sync::Mutex, time::Duration};

use fondaco_sandbox::{
    code::{self, CodeCache, CodeSource, CompileError, CompileProgress, Compiler, CompilerProcess},
    limits,
};
use sha2::{Digest as _, Sha256};
use wasm_encoder::{
    CodeSection, Component, ConstExpr, DataSection, Function, FunctionSection, MemorySection,
    MemoryType, Module, ModuleSection, TypeSection, ValType,
};
use wasmtime::Engine;

/// A component with one core module of so many functions, each of some hundred instructions.
fn component(functions: u32) -> Vec<u8> {
    component_with(functions, 0)
}

/// The same, with so many bytes of data.
fn component_with(functions: u32, data_bytes: usize) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I64], [ValType::I64]);
    let mut declared = FunctionSection::new();
    let mut bodies = CodeSection::new();
    for number in 0..functions {
        declared.function(0);
        let mut body = Function::new([]);
        let mut code = body.instructions();
        code.local_get(0);
        for step in 0..100 {
            code.i64_const(i64::from(number * step + 1)).i64_mul().local_get(0).i64_xor();
        }
        code.end();
        bodies.function(&body);
    }
    let mut memories = MemorySection::new();
    let minimum = data_bytes.div_ceil(65_536) as u64;
    let (maximum, page_size_log2) = (None, None);
    memories.memory(MemoryType {
        minimum,
        maximum,
        memory64: false,
        shared: false,
        page_size_log2,
    });
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(0), vec![1; data_bytes]);
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&memories).section(&bodies).section(&data);
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    component.finish()
}

fn digest(component: &[u8]) -> String {
    let hexadecimal = |byte: &u8| format!("{byte:02x}");
    format!("sha256:{}", Sha256::digest(component).iter().map(hexadecimal).collect::<String>())
}

/// An engine with what the sandbox's has, except its pool.
fn engine() -> Engine {
    let mut config = wasmtime::Config::new();
    config.consume_fuel(true).cranelift_nan_canonicalization(true).relaxed_simd_deterministic(true);
    Engine::new(&config).unwrap()
}

/// The test's child in one of its modes, under the usual limits.
fn child(mode: &str) -> CompilerProcess {
    CompilerProcess {
        program: PathBuf::from(env!("CARGO_BIN_EXE_sandbox-child")),
        arguments: vec![mode.into()],
        wall: Duration::from_secs(60),
        memory_bytes: limits::COMPILE_MEMORY_BYTES,
        code_bytes: limits::CODE_BYTES_MAX,
    }
}

/// Loads a component and says what was told meanwhile.
fn load(
    component: &[u8],
    compiler: &Compiler,
    cache: Option<&CodeCache>,
) -> (Result<wasmtime::component::Component, CompileError>, Vec<CompileProgress>) {
    let told = Mutex::new(Vec::new());
    let tell = |progress| told.lock().unwrap().push(progress);
    let loaded = code::component(&engine(), component, &digest(component), compiler, cache, &tell);
    (loaded, told.into_inner().unwrap())
}

/// Loads a component, and says where its code came from.
fn source(component: &[u8], cache: &CodeCache) -> CodeSource {
    let (loaded, told) = load(component, &Compiler::InProcess, Some(cache));
    loaded.unwrap();
    let Some(CompileProgress::Done { source, code_bytes, .. }) = told.last() else {
        panic!("{told:?}");
    };
    assert!(*code_bytes > 0);
    let begun = told.contains(&CompileProgress::Begun { bytes: component.len() });
    assert_eq!(begun, *source == CodeSource::Compiled, "{told:?}");
    *source
}
