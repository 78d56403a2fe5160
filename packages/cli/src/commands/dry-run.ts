import { countParameters } from '@gpdjs/core'
import { distill, type Callbacks, type DistillOptions } from '@gpdjs/trainer'
import { EXIT } from '../exit.ts'
import { printJson, say, type Io } from '../io.ts'

/** What a run would be, found out by taking two steps of it. Nothing is written. */
export async function dryRun(io: Io, options: DistillOptions, json: boolean): Promise<number> {
  const times: number[] = []
  let [before, totalSteps] = [0, 0]
  const clock: Callbacks = {
    onTrainBegin(info) {
      totalSteps = info.totalSteps
      before = performance.now()
    },
    onBatchEnd() {
      times.push((performance.now() - before) / 1000)
      before = performance.now()
    },
  }
  // The first step also compiles and allocates; the second is what the others will be like.
  const { validation: _, ...training } = options.data
  const result = await distill({ ...options, data: training, maxSteps: 2, callbacks: clock })
  const learners = Object.entries(result.learners).map(([name, { network, parameters }]) => ({
    name,
    parameters: countParameters(Object.values(parameters)),
    flops: 2 * network.multiplyAdds,
  }))
  result.dispose()
  const secondsPerStep = times.at(-1)!
  const plan = { ok: true, dryRun: true, learners, totalSteps, secondsPerStep, estimatedSeconds: secondsPerStep * totalSteps }
  for (const { name, parameters, flops } of learners) say(io, `${name}: ${parameters.toLocaleString('en')} parameters, ${(flops / 1e6).toFixed(1)} MFLOPs for an image`)
  say(io, `${totalSteps} steps of ${(1000 * secondsPerStep).toFixed(0)} ms: about ${Math.ceil(plan.estimatedSeconds / 60)} minutes, evaluation not counted. Nothing was written.`)
  if (json) printJson(io, plan)
  return EXIT.ok
}
