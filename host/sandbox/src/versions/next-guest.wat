;; A guest of the made-up version: it tells in its log the schedule's name, ends itself unless the
;; tick is 1500 ms late, and raises an alert with a link.
(module
  (import "fondaco:plugin/log@0.2.0" "write" (func $log (param i32 i32 i32)))
  (import "fondaco:plugin/alert@0.2.0" "raise"
    (func $raise (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "Late")
  (data (i32.const 24) "In ritardo")
  (data (i32.const 40) "https://example.com")
  (global $free (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  ;; event: 0 1, shop: 2 3 4, observed-at: 5, caused-by: 6 7 8, cursor: 9 10 11,
  ;; schedule: 12 13, due-at: 14, late-by-ms: 15
  (func (export "fondaco:plugin/on-schedule@0.2.0#handle")
    (param i32 i32 i32 i32 i32 i64 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32) (result i32)
    (if (i32.ne (local.get 15) (i32.const 1500)) (then unreachable))
    (call $log (i32.const 1) (local.get 12) (local.get 13))
    (call $raise
      (i32.const 1)
      (i32.const 16) (i32.const 4) (i32.const 24) (i32.const 10)
      (i32.const 16) (i32.const 4) (i32.const 24) (i32.const 10)
      (i32.const 1) (i32.const 40) (i32.const 19)
      (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 512))
    ;; raise must have returned ok
    (if (i32.load8_u (i32.const 512)) (then unreachable))
    ;; ok(none)
    (i32.store8 (i32.const 256) (i32.const 0))
    (i32.store8 (i32.const 260) (i32.const 0))
    (i32.const 256))
  (func (export "cabi_post_fondaco:plugin/on-schedule@0.2.0#handle") (param i32)))
