import { wasmFunction, whileLoop, type Local } from './assembler.ts'
import { i32 } from './instructions.ts'
import { FOUR, ONE, type Lanes } from './lanes.ts'

/** Numbers behind one another at `factors`. */
export const MOMENTUM_FACTORS = ['scale', 'decay', 'momentum', 'ofVelocity', 'ofGradient', 'ofParameter'] as const

/**
 * `v′ = momentum · v + scale · g + decay · θ`, `θ′ = θ − (ofVelocity · v′ + ofGradient · g + ofParameter · θ)`, of
 * `count` numbers: every kind of stochastic gradient descent with momentum, for some factors.
 */
export const momentumUpdate = wasmFunction(
  'momentumUpdate',
  ['factors', 'gradient', 'parameter', 'velocity', 'newParameter', 'newVelocity', 'count'],
  (p, declare) => {
    const pointers = [p.gradient, p.parameter, p.velocity, p.newParameter, p.newVelocity]
    const pass = (lanes: Lanes) => {
      const type = lanes.width === 4 ? 'v128' : 'f32'
      const [gradient, parameter, velocity] = [declare(type), declare(type), declare(type)]
      const factors = MOMENTUM_FACTORS.map(() => declare(type))
      const [scale, decay, momentum, ofVelocity, ofGradient, ofParameter] = factors as [
        Local,
        Local,
        Local,
        Local,
        Local,
        Local,
      ]
      const times = (factor: Local, value: Local) => lanes.mul(factor.get, value.get)
      const three = (a: Parameters<typeof times>, b: Parameters<typeof times>, c: Parameters<typeof times>) =>
        lanes.add(lanes.add(times(...a), times(...b)), times(...c))
      return [
        ...factors.flatMap((factor, i) => factor.set(lanes.loadEach(p.factors.get, 4 * i))),
        ...whileLoop(
          i32.lessOrEqual(i32.const(lanes.width), p.count.get),
          gradient.set(lanes.load(p.gradient.get)),
          parameter.set(lanes.load(p.parameter.get)),
          velocity.set(lanes.load(p.velocity.get)),
          velocity.set(three([scale, gradient], [decay, parameter], [momentum, velocity])),
          lanes.store(p.newVelocity.get, velocity.get),
          lanes.store(
            p.newParameter.get,
            lanes.sub(parameter.get, three([ofVelocity, velocity], [ofGradient, gradient], [ofParameter, parameter])),
          ),
          ...pointers.map((pointer) => pointer.advance(i32.const(4 * lanes.width))),
          p.count.advance(i32.const(-lanes.width)),
        ),
      ]
    }
    return [pass(FOUR), pass(ONE)]
  },
)
