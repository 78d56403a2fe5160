import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { countParameters, type BackendReport } from '@gpdjs/core'
import { distill, evaluate, metricsFile, saveNetwork, type DistillResult, type Outcome } from '@gpdjs/trainer'
import { distillOptions, prepare, type Prepared } from '../config/prepare.ts'
import { EXIT } from '../exit.ts'
import { printJson, say, type Command, type CommandContext, type Io } from '../io.ts'
import { progressBar } from '../progress/progress-bar.ts'
import { claimRunFolder, RUN, writeJson } from '../run-folder.ts'
import { chooseBackend, readConfig, wholeNumber } from './common.ts'
import { dryRun } from './dry-run.ts'

const HELP = `gpd train --config FILE [options]

Trains a student as the configuration says, and saves it.

  --config FILE      JSON, YAML, TypeScript or JavaScript (docs/configuration.md)
  --output DIR       folder of the run (default runs/<time>)
  --set KEY=VALUE    change one entry of the configuration, for example --set optimizer.momentum=0.5
  --seed N           random numbers (default 42)
  --backend NAME     auto, tensorflow, wasm or cpu
  --max-steps N      stop after N steps
  --dry-run          build everything, run one step, estimate the time; write nothing
  --json             print the result as one JSON object on stdout

Examples
  gpd train --config gpd.yaml
  gpd train --config gpd.yaml --set dynamicTeacher.ratio=3 --seed 1 --output runs/ratio-3
`

/** What a run was measured to be; also the content of result.json. */
export interface TrainResult {
  readonly ok: boolean
  readonly outcome: Outcome
  readonly problem?: string
  readonly folder: string
  readonly backend: { readonly name: string; readonly version: string }
  readonly seed: number
  readonly steps: number
  readonly seconds: number
  readonly student: { readonly parameters: number; readonly flops: number }
  /** Shares in [0, 1]. `best`: the epoch with the best validation accuracy. */
  readonly accuracy: {
    readonly validation: number | null
    readonly test: number
    readonly best: { readonly epoch: number; readonly validation: number; readonly test: number } | null
    /** Test accuracy of every other learner after the last epoch, and by averages such as `ema`. */
    readonly others: Readonly<Record<string, number>>
    readonly gap: Readonly<Record<string, number>>
  }
}

async function measure(result: DistillResult, { data, config }: Prepared, backend: BackendReport, folder: string): Promise<TrainResult> {
  const { network } = result.student
  const test = async (trained: DistillResult['student']) => (await evaluate(trained, data.test)).accuracy
  const last = result.history.at(-1)?.logs ?? {}
  const own = await test(result.student)
  const others: Record<string, number> = {}
  for (const [name, trained] of Object.entries({ ...result.learners, ...result.alternatives })) {
    if (name !== 'student') others[name] = await test(trained)
  }
  const { best } = result
  return {
    ok: result.outcome !== 'diverged',
    outcome: result.outcome,
    ...(result.problem && { problem: result.problem }),
    folder,
    backend: { name: backend.name, version: backend.version },
    seed: config.seed,
    steps: result.steps,
    seconds: result.seconds,
    student: { parameters: countParameters(network.parameters), flops: 2 * network.multiplyAdds },
    accuracy: {
      validation: last['val_acc'] ?? null,
      test: own,
      best: best ? { epoch: best.epoch, validation: best.accuracy, test: await test(best.student) } : null,
      others,
      gap: Object.fromEntries(Object.keys(result.learners).filter((name) => name !== 'student').map((name) => [name, others[name]! - own])),
    },
  }
}

async function save(folder: string, result: DistillResult, prepared: Prepared): Promise<void> {
  const metadata = { student: prepared.config.student.network, seed: String(prepared.config.seed), steps: String(result.steps) }
  await saveNetwork(join(folder, RUN.student), result.student, metadata)
  if (result.best) await saveNetwork(join(folder, RUN.best), result.best.student, { ...metadata, epoch: String(result.best.epoch) })
  for (const [name, network] of Object.entries(result.alternatives)) await saveNetwork(join(folder, name), network, metadata)
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`

function report(io: Io, { accuracy, seconds, folder, outcome, problem }: TrainResult): void {
  if (outcome === 'diverged') say(io, `Training diverged: ${problem}. The student from before that step is saved. Try a lower learning rate, a warm-up or clipGlobalNorm.`)
  const others = Object.entries(accuracy.others).map(([name, value]) => `, ${name} ${percent(value)}`)
  say(io, `Test accuracy: student ${percent(accuracy.test)}${others.join('')}. ${seconds.toFixed(0)} s.`)
  say(io, `Saved in ${folder}`)
}

const environment = (backend: BackendReport) => ({ node: process.version, platform: process.platform, arch: process.arch, cores: availableParallelism(), backend: { name: backend.name, version: backend.version } })

async function run(context: CommandContext): Promise<number> {
  const { values } = parseArgs({
    args: [...context.args],
    options: {
      config: { type: 'string' },
      output: { type: 'string' },
      set: { type: 'string', multiple: true },
      seed: { type: 'string' },
      backend: { type: 'string' },
      'max-steps': { type: 'string' },
      'dry-run': { type: 'boolean' },
      json: { type: 'boolean' },
    },
  })
  const config = await readConfig(values)
  const maxSteps = values['max-steps'] === undefined ? undefined : wholeNumber('--max-steps', values['max-steps'], 1)
  const backend = await chooseBackend(context, config.backend)
  const prepared = await prepare(config)
  const options = { ...distillOptions(prepared), ...(maxSteps !== undefined && { maxSteps }) }
  if (values['dry-run']) return dryRun(context, options, values.json === true)

  const folder = await claimRunFolder(values.output ?? config.output)
  await writeJson(folder, RUN.config, config)
  await writeJson(folder, RUN.environment, environment(backend))
  const callbacks = [progressBar(context.stderr, { title: config.student.network }), metricsFile(join(folder, RUN.metrics))]
  const result = await distill({ ...options, callbacks, ...(context.signal && { signal: context.signal }) })
  await save(folder, result, prepared)
  const measured = await measure(result, prepared, backend, folder)
  await writeJson(folder, RUN.result, measured)
  report(context, measured)
  if (values.json) printJson(context, measured)
  result.dispose()
  return result.outcome === 'diverged' ? EXIT.diverged : result.outcome === 'aborted' ? EXIT.interrupted : EXIT.ok
}

export const train: Command = { summary: 'train a student as a configuration file says', help: HELP, run }
