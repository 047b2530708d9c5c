//! Memory for a module that lives for one call.
//!
//! A module gets what it hears as hundreds of small pieces, works on them for some microseconds, and
//! is gone with all its memory. So what matters is to hand out small pieces fast: each size has a
//! shelf of pieces that were given back, and what is on no shelf is cut off the end of what is used.
//! Pieces are never joined and memory is never given back. It begins with what the linker left over
//! of the last page, so that a module with little to do never asks the host for more.

#![expect(
    unsafe_code,
    reason = "an allocator hands out raw memory; its tests try what it promises"
)]

use core::{
    alloc::{GlobalAlloc, Layout},
    cell::UnsafeCell,
    ptr,
};

/// What every piece is aligned to, and its size a multiple of, in bytes.
const GRAIN: usize = 16;
/// Up to this size there is a shelf for each multiple of [`GRAIN`]; beyond, four for each doubling.
const FINE_BYTES_MAX: usize = 256;
const FINE_SHELVES: usize = FINE_BYTES_MAX / GRAIN;
/// Shelves up to the largest size that a layout can have.
const SHELVES: usize = FINE_SHELVES + 4 * 24;

/// Where memory comes from.
pub trait Memory {
    /// The first and the end address of what is there at first.
    fn first(&self) -> (usize, usize);

    /// Makes at least so many bytes more; returns where they begin and end, or nothing if there is no
    /// more. They follow what was there, unless somebody else made some too.
    fn grow(&self, bytes: usize) -> Option<(usize, usize)>;
}

/// A heap of its own, for one thread.
pub struct Heap<M>(UnsafeCell<State<M>>);

struct State<M> {
    memory: M,
    /// The first piece of each shelf; a piece there begins with the address of the next.
    shelves: [*mut u8; SHELVES],
    /// What is not cut up yet: from here to `end`. Zero before the first call.
    next: usize,
    end: usize,
}

// SAFETY: a module has one thread.
#[cfg(target_arch = "wasm32")]
unsafe impl<M> Sync for Heap<M> {}

impl<M> Heap<M> {
    /// A heap on this memory.
    pub const fn new(memory: M) -> Self {
        let shelves = [ptr::null_mut(); SHELVES];
        Self(UnsafeCell::new(State { memory, shelves, next: 0, end: 0 }))
    }
}

/// The shelf for pieces of a size, and the size of its pieces.
const fn shelf_of(bytes: usize) -> (usize, usize) {
    if bytes <= FINE_BYTES_MAX {
        let grains = if bytes == 0 { 1 } else { bytes.div_ceil(GRAIN) };
        return (grains - 1, grains * GRAIN);
    }
    let doublings = (bytes - 1).ilog2() as usize;
    let step = 1 << (doublings - 2);
    let steps = (bytes - (1 << doublings)).div_ceil(step);
    let first = FINE_SHELVES + 4 * (doublings - FINE_BYTES_MAX.ilog2() as usize);
    (first + steps - 1, (1 << doublings) + steps * step)
}

impl<M: Memory> State<M> {
    fn take(&mut self, layout: Layout) -> *mut u8 {
        if layout.align() > GRAIN {
            // So rare that such a piece is never used again.
            return self.cut(layout.size(), layout.align());
        }
        let (shelf, bytes) = shelf_of(layout.size());
        let Some(first) = self.shelves.get_mut(shelf) else { return ptr::null_mut() };
        let piece = *first;
        if piece.is_null() {
            return self.cut(bytes, GRAIN);
        }
        // SAFETY: a piece on a shelf is nobody's, is at least a grain long and aligned to it, and
        // begins with the address of the next.
        *first = unsafe { piece.cast::<*mut u8>().read() };
        piece
    }

    fn give_back(&mut self, piece: *mut u8, layout: Layout) {
        if layout.align() > GRAIN {
            return;
        }
        let (shelf, _) = shelf_of(layout.size());
        if let Some(first) = self.shelves.get_mut(shelf) {
            // SAFETY: the piece is nobody's from now on; see above.
            unsafe { piece.cast::<*mut u8>().write(*first) };
            *first = piece;
        }
    }

    /// Cuts a piece off what is not used yet.
    fn cut(&mut self, bytes: usize, align: usize) -> *mut u8 {
        if self.end == 0 {
            (self.next, self.end) = self.memory.first();
        }
        let fits = |state: &Self| {
            let begin = state.next.checked_next_multiple_of(align)?;
            Some((begin, begin.checked_add(bytes).filter(|end| *end <= state.end)?))
        };
        let place = fits(self).or_else(|| {
            self.grow(bytes.checked_add(align)?)?;
            fits(self)
        });
        let Some((begin, end)) = place else { return ptr::null_mut() };
        self.next = end;
        ptr::with_exposed_provenance_mut(begin)
    }

    fn grow(&mut self, bytes: usize) -> Option<()> {
        let (begin, end) = self.memory.grow(bytes)?;
        if begin != self.end {
            // What is left of the old part is not worth keeping.
            self.next = begin;
        }
        self.end = end;
        Some(())
    }

    /// Whether a piece can become so long where it is, as the last that was cut off.
    fn stretch(&mut self, piece: *mut u8, old: usize, new: usize) -> bool {
        let is_last = |state: &Self| piece.addr() + old == state.next;
        let end = piece.addr().saturating_add(new);
        if !is_last(self) || (end > self.end && self.grow(end - self.end).is_none()) {
            return false;
        }
        let fits = is_last(self) && end <= self.end;
        if fits {
            self.next = end;
        }
        fits
    }
}

// SAFETY: each piece is cut once, or comes off the shelf it was put on; it is as long as its shelf
// says, which is no less than its layout, and aligned to a grain or to its layout.
unsafe impl<M: Memory> GlobalAlloc for Heap<M> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: there is one thread, and nothing in here calls anything that allocates.
        unsafe { &mut *self.0.get() }.take(layout)
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { &mut *self.0.get() }.give_back(piece, layout);
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: as above.
        let state = unsafe { &mut *self.0.get() };
        if layout.align() <= GRAIN {
            let ((old_shelf, old), (new_shelf, new)) = (shelf_of(layout.size()), shelf_of(bytes));
            if old_shelf == new_shelf || (new > old && state.stretch(piece, old, new)) {
                return piece;
            }
        }
        // SAFETY: whoever calls vouches for the layout; it is as aligned as the old one.
        let moved = state.take(unsafe { Layout::from_size_align_unchecked(bytes, layout.align()) });
        if !moved.is_null() {
            // SAFETY: both are at least so long, and no two pieces share a byte.
            unsafe { ptr::copy_nonoverlapping(piece, moved, layout.size().min(bytes)) };
            state.give_back(piece, layout);
        }
        moved
    }
}

#[cfg(target_arch = "wasm32")]
mod wasm {
    use core::arch::wasm32::{memory_grow, memory_size};

    use super::{Heap, Memory};

    const PAGE_BYTES: usize = 64 * 1024;

    unsafe extern "C" {
        /// Where the linker's own data ends.
        static __heap_base: u8;
    }

    struct LinearMemory;

    impl Memory for LinearMemory {
        fn first(&self) -> (usize, usize) {
            ((&raw const __heap_base).expose_provenance(), memory_size(0) * PAGE_BYTES)
        }

        fn grow(&self, bytes: usize) -> Option<(usize, usize)> {
            let before = memory_grow(0, bytes.div_ceil(PAGE_BYTES));
            (before != usize::MAX).then(|| (before * PAGE_BYTES, memory_size(0) * PAGE_BYTES))
        }
    }

    #[global_allocator]
    static HEAP: Heap<LinearMemory> = Heap::new(LinearMemory);
}

#[cfg(test)]
mod tests;
