import { wasmFunction, type Declare, type Local } from './assembler.ts'
import { bytes, everyFour } from './every-four.ts'
import { f32x4, i32, i32x4, type Code } from './instructions.ts'

const { add, sub, mul, div } = f32x4

/** Coefficients from the highest power down. */
const polynomial = (x: Code, [first, ...rest]: readonly number[]): Code =>
  rest.reduce<Code>((value, coefficient) => add(mul(value, x), f32x4.const(coefficient)), f32x4.const(first!))

/** e^r for |r| ≤ ln 2 / 2, least squares at Chebyshev's points, within 4e-8 relatively. */
const EXPONENTIAL = [0.00139485808, 0.00837512889, 0.0416662183, 0.166664155, 0.500000011, 1.00000004, 1]

/** (1 + 2t) e^(t²) erfc(t) for 0 ≤ t ≤ 10 as a polynomial of (t − 2) / (t + 2), within 2e-8 relatively. */
const SCALED_ERFC = [
  -0.000410065594, -0.00124245897, 0.00132059768, 0.00864367764, -0.00806145481, -0.0542079709, 0.164055484,
  -0.16603106, -0.0927639877, 1.27697839,
]

/** Sets `y` to e^y for y ≤ 0, at least e^-87. e^y = 2^n · e^r. */
function exponential(y: Local, n: Local): Code[] {
  return [
    y.set(f32x4.max(y.get, f32x4.const(-87))),
    n.set(f32x4.nearest(mul(y.get, f32x4.const(Math.LOG2E)))),
    // ln 2 in two parts: n times the first is exact.
    y.set(sub(y.get, mul(n.get, f32x4.const(0.693359375)))),
    y.set(sub(y.get, mul(n.get, f32x4.const(-2.1219444e-4)))),
    n.set(i32x4.shiftLeft(i32x4.add(i32x4.truncate(n.get), i32x4.const(127)), i32.const(23))),
    y.set(mul(polynomial(y.get, EXPONENTIAL), n.get)),
  ]
}

/**
 * Φ(x) and e^(−x²/2) of four numbers. Φ(−|x|) = e^(−x²/2) · erfcx(|x| / √2) / 2: nothing cancels, so that small results
 * are right too.
 */
function normalDistribution(x: Local, cumulative: Local, bell: Local, declare: Declare): Code[] {
  const [t, n, inverse] = [declare('v128'), declare('v128'), declare('v128')]
  const shifted = add(t.get, f32x4.const(2))
  const slope = add(add(t.get, t.get), f32x4.const(1))
  return [
    bell.set(mul(mul(x.get, x.get), f32x4.const(-0.5))),
    ...exponential(bell, n),
    t.set(f32x4.min(mul(f32x4.abs(x.get), f32x4.const(Math.SQRT1_2)), f32x4.const(10))),
    inverse.set(div(f32x4.const(1), mul(shifted, slope))),
    n.set(mul(mul(sub(t.get, f32x4.const(2)), slope), inverse.get)),
    n.set(mul(mul(polynomial(n.get, SCALED_ERFC), shifted), inverse.get)),
    cumulative.set(mul(mul(bell.get, n.get), f32x4.const(0.5))),
    cumulative.set(
      f32x4.select(sub(f32x4.const(1), cumulative.get), cumulative.get, f32x4.greaterThan(x.get, f32x4.zero)),
    ),
  ]
}

/** `y = x · Φ(x)` of `count` ≥ 4 numbers. */
export const gelu = wasmFunction('gelu', ['x', 'y', 'count'], (p, declare) => {
  const i = declare('i32')
  const [x, cumulative, bell] = [declare('v128'), declare('v128'), declare('v128')]
  return [
    everyFour(
      p.count,
      i,
      x.set(f32x4.load(i32.add(p.x.get, bytes(i)))),
      ...normalDistribution(x, cumulative, bell, declare),
      f32x4.store(i32.add(p.y.get, bytes(i)), mul(x.get, cumulative.get)),
    ),
  ]
})

/** `dx = dy · (Φ(x) + x · φ(x))` of `count` ≥ 4 numbers. */
export const geluGradient = wasmFunction('geluGradient', ['dy', 'x', 'dx', 'count'], (p, declare) => {
  const i = declare('i32')
  const [x, cumulative, bell] = [declare('v128'), declare('v128'), declare('v128')]
  const density = mul(bell.get, f32x4.const(1 / Math.sqrt(2 * Math.PI)))
  return [
    everyFour(
      p.count,
      i,
      x.set(f32x4.load(i32.add(p.x.get, bytes(i)))),
      ...normalDistribution(x, cumulative, bell, declare),
      f32x4.store(
        i32.add(p.dx.get, bytes(i)),
        mul(f32x4.load(i32.add(p.dy.get, bytes(i))), add(cumulative.get, mul(x.get, density))),
      ),
    ),
  ]
})
