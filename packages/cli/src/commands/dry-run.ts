import { distill, type Callbacks, type TrainInfo } from '@gpdjs/trainer'
import { distillOptions, type Prepared } from '../config/prepare.ts'
import { EXIT } from '../exit.ts'
import { printJson, say, type Io } from '../io.ts'
import { clock } from '../progress/terminal.ts'
import { costOf } from './cost.ts'

/** The first step also compiles and allocates; the second is what the others will be like. */
const STEPS = 2

/** Measures how long each step takes. */
class Stopwatch implements Callbacks {
  /** One number for each step. */
  readonly seconds: number[] = []
  totalSteps = 0
  #before = 0

  onTrainBegin({ totalSteps }: TrainInfo): void {
    this.totalSteps = totalSteps
    this.#before = performance.now()
  }

  onBatchEnd(): void {
    const now = performance.now()
    this.seconds.push((now - this.#before) / 1000)
    this.#before = now
  }
}

/** What a run would be, found out by taking two steps of it. Nothing is written. */
export async function dryRun(io: Io, prepared: Prepared, maxSteps: number | undefined, json: boolean): Promise<number> {
  const options = distillOptions(prepared)
  const watch = new Stopwatch()
  const result = await distill({ ...options, data: { train: options.data.train }, maxSteps: STEPS, callbacks: watch })
  const cost = costOf(result.learners, prepared)
  result.dispose()
  const secondsPerStep = watch.seconds.at(-1) ?? Number.NaN
  const steps = Math.min(watch.totalSteps, maxSteps ?? Infinity)
  const plan = { ok: true, dryRun: true, ...cost, steps, secondsPerStep, estimatedSeconds: secondsPerStep * steps }

  for (const [name, count] of Object.entries(cost.parameters))
    say(io, `${name}: ${count.toLocaleString('en')} parameters`)
  say(io, `A step: ${(cost.stepFlops / 1e9).toPrecision(3)} GFLOPs, ${(1000 * secondsPerStep).toFixed(0)} ms.`)
  say(io, `${steps} steps: about ${clock(plan.estimatedSeconds)}, evaluation not counted. Nothing was written.`)
  if (json) printJson(io, plan)
  return EXIT.ok
}
