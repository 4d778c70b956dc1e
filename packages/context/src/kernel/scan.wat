;; Scores of byte vectors against one query: exact integers, so that no order of additions matters.
;; A row is `stride` signed bytes, a multiple of 16; the query is `stride` signed 16-bit numbers.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; dots[i] = row[i] . query, for the rows from `codes` on
  (func (export "dotAll")
    (param $codes i32) (param $stride i32) (param $count i32) (param $query i32) (param $dots i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $dots) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $rows
        (br_if $done (i32.ge_u (local.get $dots) (local.get $end)))
        (i32.store (local.get $dots)
          (call $dot (local.get $codes) (local.get $stride) (local.get $query)))
        (local.set $codes (i32.add (local.get $codes) (local.get $stride)))
        (local.set $dots (i32.add (local.get $dots) (i32.const 4)))
        (br $rows))))

  ;; dots[i] = row[list[i]] . query
  (func (export "dotSome")
    (param $codes i32) (param $stride i32) (param $list i32) (param $count i32) (param $query i32) (param $dots i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $dots) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $rows
        (br_if $done (i32.ge_u (local.get $dots) (local.get $end)))
        (i32.store (local.get $dots)
          (call $dot
            (i32.add (local.get $codes) (i32.mul (i32.load (local.get $list)) (local.get $stride)))
            (local.get $stride)
            (local.get $query)))
        (local.set $list (i32.add (local.get $list) (i32.const 4)))
        (local.set $dots (i32.add (local.get $dots) (i32.const 4)))
        (br $rows))))

  (func $dot (param $row i32) (param $stride i32) (param $query i32) (result i32)
    (local $end i32) (local $bytes v128) (local $sum v128) (local $other v128)
    (local.set $end (i32.add (local.get $row) (local.get $stride)))
    (loop $steps
      (local.set $bytes (v128.load (local.get $row)))
      (local.set $sum
        (i32x4.add (local.get $sum)
          (i32x4.dot_i16x8_s
            (i16x8.extend_low_i8x16_s (local.get $bytes))
            (v128.load (local.get $query)))))
      (local.set $other
        (i32x4.add (local.get $other)
          (i32x4.dot_i16x8_s
            (i16x8.extend_high_i8x16_s (local.get $bytes))
            (v128.load offset=16 (local.get $query)))))
      (local.set $row (i32.add (local.get $row) (i32.const 16)))
      (local.set $query (i32.add (local.get $query) (i32.const 32)))
      (br_if $steps (i32.lt_u (local.get $row) (local.get $end))))
    (local.set $sum (i32x4.add (local.get $sum) (local.get $other)))
    (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $sum)) (i32x4.extract_lane 1 (local.get $sum)))
      (i32.add (i32x4.extract_lane 2 (local.get $sum)) (i32x4.extract_lane 3 (local.get $sum)))))

  ;; The places whose bound reaches the threshold: dots[i] * scales[i] * scale + errors[i] * spread >= threshold.
  ;; All four arrays lie on multiples of 16 and are padded to a multiple of four; what lies behind `count` is left out by
  ;; the caller. Gives how many places there are.
  (func (export "reaching")
    (param $dots i32) (param $scales i32) (param $errors i32) (param $count i32)
    (param $scale f32) (param $spread f32) (param $threshold f32) (param $places i32)
    (result i32)
    (local $place i32) (local $found i32) (local $mask i32)
    (block $done
      (loop $fours
        (br_if $done (i32.ge_u (local.get $place) (local.get $count)))
        (local.set $mask
          (i32x4.bitmask
            (f32x4.ge
              (f32x4.add
                (f32x4.mul
                  (f32x4.mul (f32x4.convert_i32x4_s (v128.load (local.get $dots))) (v128.load (local.get $scales)))
                  (f32x4.splat (local.get $scale)))
                (f32x4.mul (v128.load (local.get $errors)) (f32x4.splat (local.get $spread))))
              (f32x4.splat (local.get $threshold)))))
        (block $none
          (br_if $none (i32.eqz (local.get $mask)))
          (loop $bits
            (i32.store
              (i32.add (local.get $places) (i32.shl (local.get $found) (i32.const 2)))
              (i32.add (local.get $place) (i32.ctz (local.get $mask))))
            (local.set $found (i32.add (local.get $found) (i32.const 1)))
            (local.set $mask (i32.and (local.get $mask) (i32.sub (local.get $mask) (i32.const 1))))
            (br_if $bits (local.get $mask))))
        (local.set $place (i32.add (local.get $place) (i32.const 4)))
        (local.set $dots (i32.add (local.get $dots) (i32.const 16)))
        (local.set $scales (i32.add (local.get $scales) (i32.const 16)))
        (local.set $errors (i32.add (local.get $errors) (i32.const 16)))
        (br $fours)))
    (local.get $found)))
