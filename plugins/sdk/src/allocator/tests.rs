extern crate std;

use std::{boxed::Box, cell::Cell, vec, vec::Vec};

use proptest::prelude::*;

use super::*;

/// A piece of this process's memory, of which more and more is there.
struct Part {
    begin: usize,
    length: usize,
    there: Cell<usize>,
}

impl Memory for Part {
    fn first(&self) -> (usize, usize) {
        (self.begin, self.begin + self.there.get())
    }

    fn grow(&self, bytes: usize) -> Option<(usize, usize)> {
        // Now and then somebody else has taken some meanwhile.
        let gap = if self.there.get().is_multiple_of(3) { 512 } else { 0 };
        let before = self.there.get() + gap;
        let there = before + bytes.next_multiple_of(1024);
        (there <= self.length).then(|| {
            self.there.set(there);
            (self.begin + before, self.begin + there)
        })
    }
}

fn heap(length: usize) -> Heap<Part> {
    let memory: &'static mut [u8] = Box::leak(vec![0; length].into_boxed_slice());
    let begin = memory.as_mut_ptr().expose_provenance();
    Heap::new(Part { begin, length, there: Cell::new(100) })
}

#[test]
fn a_shelf_holds_no_less_than_was_asked_for_and_little_more() {
    let mut last = 0;
    for bytes in 0..100_000 {
        let (shelf, size) = shelf_of(bytes);
        assert!(
            size >= bytes && size.is_multiple_of(GRAIN) && shelf < SHELVES,
            "{bytes}: {shelf}, {size}"
        );
        assert!(size <= GRAIN || size <= bytes + bytes / 4 + GRAIN, "{bytes}: {size}");
        assert!(shelf == last || shelf == last + 1, "{bytes}: no shelf is left out");
        last = shelf;
    }
    assert!(shelf_of(u32::MAX as usize).0 < SHELVES);
}

#[test]
fn what_is_given_back_is_used_again_and_the_end_is_told() {
    let heap = heap(4096);
    let layout = Layout::from_size_align(1000, 8).unwrap();
    // SAFETY: pieces are given back as they were taken.
    unsafe {
        let first = heap.alloc(layout);
        heap.dealloc(first, layout);
        assert_eq!(heap.alloc(layout), first);
        let taken = core::iter::repeat_with(|| heap.alloc(layout)).take_while(|p| !p.is_null());
        assert!((1..4).contains(&taken.count()));
    }
}

#[derive(Debug, Clone)]
enum Step {
    Take { bytes: usize, align: usize },
    GiveBack { which: usize },
    Resize { which: usize, bytes: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = || prop_oneof![4 => 0_usize..300, 1 => 0_usize..5_000];
    prop_oneof![
        (bytes(), 0_u32..7).prop_map(|(bytes, power)| Step::Take { bytes, align: 1 << power }),
        any::<usize>().prop_map(|which| Step::GiveBack { which }),
        (any::<usize>(), bytes()).prop_map(|(which, bytes)| Step::Resize { which, bytes }),
    ]
}

/// A piece that somebody has, filled with a byte of its own.
struct Piece {
    at: *mut u8,
    layout: Layout,
    byte: u8,
}

impl Piece {
    fn fill(&self) {
        // SAFETY: the piece is as long as its layout.
        unsafe { self.at.write_bytes(self.byte, self.layout.size()) };
    }

    fn check(&self, bytes: usize) {
        // SAFETY: as above.
        let kept = unsafe { core::slice::from_raw_parts(self.at, bytes) };
        assert!(kept.iter().all(|byte| *byte == self.byte));
    }
}

proptest! {
    #[test]
    fn nobody_writes_into_what_another_has(steps in prop::collection::vec(step(), 1..200)) {
        let heap = heap(2 << 20);
        let mut pieces: Vec<Piece> = Vec::new();
        for (nth, step) in steps.into_iter().enumerate() {
            match step {
                Step::Take { bytes, align } => {
                    let layout = Layout::from_size_align(bytes, align).unwrap();
                    // SAFETY: it is given back with this layout.
                    let at = unsafe { heap.alloc(layout) };
                    prop_assert!(!at.is_null() && at.addr().is_multiple_of(align));
                    pieces.push(Piece { at, layout, byte: nth as u8 });
                    pieces[pieces.len() - 1].fill();
                }
                Step::GiveBack { which } if !pieces.is_empty() => {
                    let piece = pieces.swap_remove(which % pieces.len());
                    piece.check(piece.layout.size());
                    // SAFETY: it is nobody's any more.
                    unsafe { heap.dealloc(piece.at, piece.layout) };
                }
                Step::Resize { which, bytes } if !pieces.is_empty() => {
                    let which = which % pieces.len();
                    let piece = &mut pieces[which];
                    let old = piece.layout;
                    // SAFETY: it is given back with the new layout.
                    piece.at = unsafe { heap.realloc(piece.at, old, bytes) };
                    prop_assert!(!piece.at.is_null() && piece.at.addr().is_multiple_of(old.align()));
                    piece.layout = Layout::from_size_align(bytes, old.align()).unwrap();
                    piece.check(old.size().min(bytes));
                    piece.fill();
                }
                Step::GiveBack { .. } | Step::Resize { .. } => {}
            }
            pieces.iter().for_each(|piece| piece.check(piece.layout.size()));
        }
    }
}
