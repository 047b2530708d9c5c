//! The code cache.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::{PermissionsExt as _, chown, symlink},
    path::{Path, PathBuf},
    sync::Barrier,
    thread,
};

use fondaco_sandbox::code::{CodeCache, CodeCacheError, CodeSource, CompileProgress, Compiler};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use super::{child, component, digest, engine, load, source};

/// Where a folder keeps a component's code.
fn entry(folder: &Path, component: &[u8]) -> PathBuf {
    let digest = digest(component);
    let hexadecimal = digest.trim_start_matches("sha256:");
    let names = fs::read_dir(folder).unwrap().map(|found| found.unwrap().file_name());
    let mut names = names.filter_map(|name| name.into_string().ok());
    folder.join(names.find(|name| name.starts_with(hexadecimal)).unwrap())
}

fn open(folder: &Path) -> Result<CodeCache, CodeCacheError> {
    CodeCache::open(folder, &engine())
}

fn cache_in(folder: &TempDir) -> (PathBuf, CodeCache) {
    let path = folder.path().join("made/code");
    let cache = open(&path).unwrap();
    (path, cache)
}

#[test]
fn code_is_compiled_once() {
    let folder = TempDir::new().unwrap();
    let (path, cache) = cache_in(&folder);
    let (one, other) = (component(20), component(21));
    assert_eq!(source(&one, &cache), CodeSource::Compiled);
    assert_eq!(source(&one, &cache), CodeSource::Cache);
    assert_eq!(source(&other, &cache), CodeSource::Compiled);
    drop(cache);
    let cache = open(&path).unwrap();
    assert_eq!(source(&one, &cache), CodeSource::Cache);
    assert_eq!(source(&other, &cache), CodeSource::Cache);
}

#[test]
fn what_a_child_compiled_is_kept() {
    let folder = TempDir::new().unwrap();
    let (_, cache) = cache_in(&folder);
    let component = component(20);
    load(&component, &Compiler::Child(child("compile")), Some(&cache)).0.unwrap();
    assert_eq!(source(&component, &cache), CodeSource::Cache);
}

#[test]
fn what_cannot_be_compiled_is_not_kept() {
    let folder = TempDir::new().unwrap();
    let (path, cache) = cache_in(&folder);
    for compiler in [Compiler::InProcess, Compiler::Child(child("lies"))] {
        load(b"no Wasm", &compiler, Some(&cache)).0.map(drop).unwrap_err();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1, "only the key");
    }
}

#[test]
fn those_who_load_the_same_wait_for_one_to_compile() {
    let folder = TempDir::new().unwrap();
    let (_, cache) = cache_in(&folder);
    let (component, all_there) = (component(200), Barrier::new(6));
    let load = || {
        all_there.wait();
        source(&component, &cache)
    };
    let sources: Vec<_> = thread::scope(|scope| {
        let loading: Vec<_> = (0..6).map(|_| scope.spawn(load)).collect();
        loading.into_iter().map(|loading| loading.join().unwrap()).collect()
    });
    let compiled = sources.iter().filter(|source| **source == CodeSource::Compiled);
    assert_eq!(compiled.count(), 1, "{sources:?}");
}

/// Does something to an entry, sees that it is not loaded, and that its place is taken by good code.
fn not_loaded(what: &str, damage: impl FnOnce(&Path)) {
    let folder = TempDir::new().unwrap();
    let (path, cache) = cache_in(&folder);
    let component = component(20);
    source(&component, &cache);
    assert_eq!(source(&component, &cache), CodeSource::Cache);
    damage(&entry(&path, &component));
    assert_eq!(source(&component, &cache), CodeSource::Compiled, "{what}");
    assert_eq!(source(&component, &cache), CodeSource::Cache, "{what}");
}

fn changed(entry: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(entry).unwrap();
    change(&mut bytes);
    fs::write(entry, bytes).unwrap();
}

#[test]
fn damaged_code_is_not_loaded() {
    for place in [0, 14, 15, 16, 47, 48, 49, 500] {
        not_loaded("a changed byte", |entry| changed(entry, |bytes| bytes[place] ^= 1));
    }
    not_loaded("the last byte", |entry| changed(entry, |bytes| *bytes.last_mut().unwrap() ^= 128));
    for length in [0, 10, 16, 40, 48, 1000] {
        not_loaded("cut off", |entry| changed(entry, |bytes| bytes.truncate(length)));
    }
    not_loaded("one byte less", |entry| changed(entry, |bytes| bytes.truncate(bytes.len() - 1)));
    not_loaded("one byte more", |entry| changed(entry, |bytes| bytes.push(0)));
    not_loaded("no entry", |entry| fs::remove_file(entry).unwrap());
}

#[test]
fn foreign_code_is_not_loaded() {
    not_loaded("another file", |entry| fs::write(entry, b"#!/bin/sh\n").unwrap());
    not_loaded("the bare code", |entry| changed(entry, |bytes| drop(bytes.drain(..48))));
    not_loaded("far too large a file", |entry| {
        OpenOptions::new().write(true).open(entry).unwrap().set_len(1 << 40).unwrap();
    });
    not_loaded("a link to good code", |entry| {
        let elsewhere = entry.with_file_name("elsewhere");
        fs::rename(entry, &elsewhere).unwrap();
        symlink(elsewhere, entry).unwrap();
    });
    not_loaded("a pipe", |entry| {
        fs::remove_file(entry).unwrap();
        mknodat(CWD, entry, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    });
    not_loaded("another component's code", |entry| {
        let folder = entry.parent().unwrap();
        let other = component(30);
        source(&other, &open(folder).unwrap());
        fs::copy(self::entry(folder, &other), entry).unwrap();
    });
    not_loaded("code of another cache", |entry| {
        let elsewhere = TempDir::new().unwrap();
        let (path, cache) = cache_in(&elsewhere);
        source(&component(20), &cache);
        fs::copy(self::entry(&path, &component(20)), entry).unwrap();
    });
}

#[test]
fn a_key_that_cannot_be_trusted_is_replaced() {
    let spoil: [fn(&Path); 5] = [
        |key| fs::remove_file(key).unwrap(),
        |key| fs::set_permissions(key, fs::Permissions::from_mode(0o640)).unwrap(),
        |key| fs::write(key, [7; 31]).unwrap(),
        |key| fs::write(key, [7; 33]).unwrap(),
        |key| {
            let elsewhere = key.with_file_name("elsewhere");
            fs::rename(key, &elsewhere).unwrap();
            symlink(elsewhere, key).unwrap();
        },
    ];
    for spoil in spoil {
        let folder = TempDir::new().unwrap();
        let (path, cache) = cache_in(&folder);
        let component = component(20);
        source(&component, &cache);
        spoil(&path.join("key"));
        // Who has it open goes on with the key that was good.
        assert_eq!(source(&component, &cache), CodeSource::Cache);
        let cache = open(&path).unwrap();
        assert_eq!(source(&component, &cache), CodeSource::Compiled);
        assert_eq!(source(&component, &open(&path).unwrap()), CodeSource::Cache);
        let key = fs::symlink_metadata(path.join("key")).unwrap();
        assert!(key.is_file());
        assert_eq!((key.len(), key.permissions().mode() & 0o777), (32, 0o600));
    }
}

#[test]
fn caches_opened_at_once_agree_on_a_key() {
    let folder = TempDir::new().unwrap();
    let (path, all_there) = (folder.path().join("code"), Barrier::new(8));
    let open_at_once = || {
        all_there.wait();
        open(&path).unwrap()
    };
    let caches: Vec<_> = thread::scope(|scope| {
        let opening: Vec<_> = (0..8).map(|_| scope.spawn(open_at_once)).collect();
        opening.into_iter().map(|opening| opening.join().unwrap()).collect()
    });
    let component = component(20);
    assert_eq!(source(&component, &caches[0]), CodeSource::Compiled);
    for cache in &caches {
        assert_eq!(source(&component, cache), CodeSource::Cache);
    }
}

#[test]
fn a_folder_is_its_users_alone() {
    let folder = TempDir::new().unwrap();
    let (path, cache) = cache_in(&folder);
    source(&component(20), &cache);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    for found in fs::read_dir(&path).unwrap() {
        let mode = found.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    for (mode, accepted) in [(0o750, true), (0o770, false), (0o707, false), (0o1777, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        match open(&path) {
            Ok(_) => assert!(accepted, "{mode:o}"),
            Err(error) => {
                assert!(matches!(error, CodeCacheError::OthersCanWrite { .. }), "{error}");
                assert!(!accepted && error.to_string().contains("chmod 700"), "{error}");
            }
        }
    }
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let folder = TempDir::new().unwrap();
    // Only root can give a folder away; for everybody else this one is root's.
    let given = chown(folder.path(), Some(12_345), None).is_ok();
    let path = if given { folder.path() } else { Path::new("/usr") };
    let error = open(path).unwrap_err();
    assert!(matches!(error, CodeCacheError::NotOurs { .. }), "{error}");
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = open(&path).unwrap_err();
        assert!(matches!(&error, CodeCacheError::Folder { folder, .. } if *folder == path));
    }
}

#[test]
fn a_cache_that_cannot_be_written_stops_nobody() {
    let folder = TempDir::new().unwrap();
    let (path, cache) = cache_in(&folder);
    let component = component(20);
    source(&component, &cache);
    let entry = entry(&path, &component);
    fs::remove_file(&entry).unwrap();
    fs::create_dir(&entry).unwrap();
    for _ in 0..2 {
        assert_eq!(source(&component, &cache), CodeSource::Compiled);
    }
    // What could not be put in place is not left lying about.
    assert_eq!(fs::read_dir(&path).unwrap().count(), 2);
    fs::remove_dir_all(&path).unwrap();
    assert_eq!(source(&component, &cache), CodeSource::Compiled);
}

#[test]
fn what_no_engine_can_use_is_removed() {
    let folder = TempDir::new().unwrap();
    let (path, cache) = cache_in(&folder);
    let component = component(20);
    source(&component, &cache);
    let ours = entry(&path, &component);
    let name = ours.file_name().unwrap().to_str().unwrap();
    let (digest, _) = name.split_once('-').unwrap();
    let others = path.join(format!("{digest}-0123456789abcdef.code"));
    fs::copy(&ours, &others).unwrap();
    let (broken_off, young) = (path.join("new-1"), path.join("new-2"));
    let file = fs::File::create(&broken_off).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    fs::write(&young, "").unwrap();
    let notes = path.join("notes.txt");
    fs::write(&notes, "mine").unwrap();
    let cache = open(&path).unwrap();
    assert_eq!(source(&component, &cache), CodeSource::Cache);
    assert!(!others.exists() && !broken_off.exists() && young.exists() && notes.exists());
}

#[test]
fn what_was_not_used_for_longest_goes_first() {
    let folder = TempDir::new().unwrap();
    let (path, cache) = cache_in(&folder);
    let components = [component(20), component(21), component(22)];
    source(&components[0], &cache);
    let one = fs::metadata(entry(&path, &components[0])).unwrap().len();
    let cache = cache.with_bytes_max(one * 5 / 2);
    let set_used = |component: &[u8], seconds| {
        let file = OpenOptions::new().write(true).open(entry(&path, component)).unwrap();
        let when = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        file.set_modified(when).unwrap();
    };
    source(&components[1], &cache);
    set_used(&components[0], 1_000);
    set_used(&components[1], 2_000);
    // It was the one used longest ago; now it is not.
    assert_eq!(source(&components[0], &cache), CodeSource::Cache);
    source(&components[2], &cache);
    assert_eq!(source(&components[0], &cache), CodeSource::Cache);
    assert_eq!(source(&components[2], &cache), CodeSource::Cache);
    assert_eq!(source(&components[1], &cache), CodeSource::Compiled);
}

#[test]
fn code_larger_than_the_cache_is_not_kept() {
    let folder = TempDir::new().unwrap();
    let (path, cache) = cache_in(&folder);
    let cache = cache.with_bytes_max(1_000);
    let (loaded, told) = load(&component(20), &Compiler::InProcess, Some(&cache));
    loaded.unwrap();
    assert!(matches!(told.last(), Some(CompileProgress::Done { .. })), "{told:?}");
    assert_eq!(fs::read_dir(&path).unwrap().count(), 1, "only the key");
}
