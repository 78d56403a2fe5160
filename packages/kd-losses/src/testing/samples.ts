import fc from 'fast-check'
import type { Matrix } from './plain-math.ts'

export interface Sample {
  readonly student: Matrix
  readonly teacher: Matrix
  readonly labels: readonly number[]
}

const rounded = fc.double({ min: -8, max: 8, noNaN: true }).map(Math.fround)

/** Logits of two networks and labels: 1 to 4 samples, 3 to 7 classes, float32 numbers. */
export const samples: fc.Arbitrary<Sample> = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 3, max: 7 }))
  .chain(([batch, classes]) => {
    const rows = (of: fc.Arbitrary<number>) =>
      fc.array(fc.array(of, { minLength: classes, maxLength: classes }), { minLength: batch, maxLength: batch })
    const labels = fc.array(fc.nat(classes - 1), { minLength: batch, maxLength: batch })
    return fc.record({ student: rows(rounded), teacher: rows(rounded), labels })
  })

export const temperatures = fc.constantFrom(0.5, 1, 2, 4)

/** Logits of ±100: a softmax of them is 0 and 1 to float32. */
export const extreme: Sample = {
  student: [
    [100, -100, 0, 100],
    [-100, 100, 0, -100],
    [100, 100, 100, 100],
  ],
  teacher: [
    [-100, 100, 100, 0],
    [-100, 100, 0, -100],
    [100, -100, 0, 0],
  ],
  labels: [0, 1, 1],
}
