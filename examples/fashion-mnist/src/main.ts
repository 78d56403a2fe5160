/**
 * Gap Preserving Distillation from data to result: trains a teacher on Fashion-MNIST, then one student three times (by
 * itself, with KD, with DKD + GPD), and prints what came out. Run it with `npm start`.
 */
import { join } from 'node:path'
import { countParameters, GpdError, isGpdError, useBackend, countMultiplyAdds, type Network } from '@gpdjs/core'
import { moments, split, take, imageSource } from '@gpdjs/data'
import { prepareFashionMnist } from '@gpdjs/example-data-sets'
import { progressBar } from '@gpdjs/cli'
import {
  cosine,
  distill,
  evaluate,
  loadNetwork,
  metricsFile,
  saveNetwork,
  sgd,
  warmUp,
  type DistillResult,
  type PluginOption,
} from '@gpdjs/trainer'
import { arms, student, teacher } from './arms.ts'
import { parseOptions, USAGE, type ExampleOptions } from './options.ts'
import { formatTable, type Row } from './table.ts'

const say = (text = '') => console.error(text)

async function loadData({ images, seed }: ExampleOptions) {
  const { train: all, test } = await prepareFashionMnist()
  // Held out before anything else: the validation set picks the epoch, the test set is looked at once per arm.
  const { train: rest, validation } = split(all, { validation: 2000, seed: 0 })
  const train = images < rest.labels.length ? take(rest, images) : rest
  const normal = moments(train)
  const source = (set: typeof train) => imageSource(set, { moments: normal })
  say(
    `Fashion-MNIST, split by content hash (not the original split): ${train.labels.length} images to train on, 2000 to validate, 10000 to test. Seed ${seed}.`,
  )
  return { train: source(train), validation: source(validation), test: source(test) }
}

type Data = Awaited<ReturnType<typeof loadData>>

/** Trains one arm. Every arm has the same optimizer, budget and seed. */
async function train(
  name: string,
  network: Network,
  plugins: PluginOption,
  data: Data,
  options: ExampleOptions,
): Promise<DistillResult> {
  const { epochs, batchSize, seed, output } = options
  const result = await distill({
    student: network,
    data: { train: data.train, validation: data.validation },
    optimizer: sgd({
      learningRate: warmUp(cosine(0.1), { share: 0.05 }),
      momentum: 0.9,
      weightDecay: 1e-4,
      clipGlobalNorm: 5,
    }),
    epochs,
    batchSize,
    seed,
    plugins,
    callbacks: [
      progressBar(process.stderr, { title: name }),
      metricsFile(join(output, name.replaceAll(/\W+/g, '-'), 'metrics.jsonl')),
    ],
  })
  if (result.outcome === 'diverged') throw new GpdError('training.diverged', `${name}: ${result.problem}.`)
  return result
}

/** Saves the student, reads it back, and tests what was read. */
async function measure(name: string, result: DistillResult, data: Data, { output }: ExampleOptions): Promise<Row> {
  const { network } = result.student
  const last = await evaluate(result.student, data.test)
  const { best, history } = result
  const selected = best!.epoch === history.length - 1 ? last : await evaluate(best!.student, data.test)
  const dynamic = result.learners['dynamic-teacher']
  const folder = join(output, name.replaceAll(/\W+/g, '-'), 'student')
  await saveNetwork(folder, result.student, {
    data: 'fashion-mnist (split by content hash)',
    arm: name,
    accuracy: String(last.acc),
  })
  return {
    name,
    last: last.acc,
    selected: selected.acc,
    ...(dynamic && { dynamicTeacher: (await evaluate(dynamic, data.test)).acc }),
    extracted: (await evaluate(await loadNetwork(folder), data.test)).acc,
    parameters: countParameters(network.parameters),
    flops: 2 * countMultiplyAdds(network),
    seconds: result.seconds,
  }
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2))
  if (options === 'help') return say(USAGE)
  const backend = await useBackend('auto')
  say(`Backend: ${backend.name} ${backend.version}. ${backend.reason}`)
  const data = await loadData(options)

  const teaching = await train('teacher', teacher, [], data, options)
  const rows = [await measure('teacher', teaching, data, options)]
  for (const { name, plugins } of arms) {
    const result = await train(name, student, plugins(teaching.student), data, options)
    rows.push(await measure(name, result, data, options))
    result.dispose()
  }
  teaching.dispose()
  console.log(
    `\nTest accuracy on 10,000 images, one seed: differences of a point or less mean little.\n\n${formatTable(rows)}\n`,
  )
  console.log(`Saved: ${rows.map(({ name }) => join(options.output, name.replaceAll(/\W+/g, '-'))).join('\n       ')}`)
}

await main().catch((error: unknown) => {
  if (!isGpdError(error)) throw error
  say(`${error.message} (${error.code})`)
  process.exitCode = 1
})
