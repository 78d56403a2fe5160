import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { countParameters, didYouMean, GpdError } from '@gpdjs/core'
import { distill, evaluate, metricsFile } from '@gpdjs/trainer'
import { checkAgainst } from '../config/check.ts'
import { loadFile, mergeDeep } from '../config/load.ts'
import { distillOptions, prepare, resolvePaths } from '../config/prepare.ts'
import { configSchema, studySchema, type Config } from '../config/schema.ts'
import { EXIT } from '../exit.ts'
import { printJson, say, type Command, type CommandContext } from '../io.ts'
import { progressBar } from '../progress/progress-bar.ts'
import { claimRunFolder, writeJson } from '../run-folder.ts'
import { chooseBackend } from './common.ts'
import { deviation, mean } from './statistics.ts'

const HELP = `gpd ablate --config STUDY [options]

Trains named variations of one configuration with several seeds, one after another, and compares them.

  --config STUDY     a file with base, arms, seeds and baseline (docs/configuration.md)
  --output DIR       folder of the study (default runs/<time>)
  --backend NAME     auto, tensorflow, wasm or cpu
  --json             print the result as one JSON object on stdout

Example
  gpd ablate --config study.yaml
`

/** One training of one arm. */
interface Trial {
  readonly seed: number
  /** Test accuracy of the student after the last epoch, in [0, 1]. */
  readonly accuracy: number
  readonly seconds: number
  /** Numbers that are trained, and FLOPs of all learners for one image, forward. */
  readonly trained: number
  readonly flops: number
}

export interface ArmResult {
  readonly name: string
  readonly trials: readonly Trial[]
  readonly accuracy: { readonly mean: number; readonly deviation: number }
  readonly seconds: number
  /** Mean accuracy minus the baseline's. */
  readonly difference: number
}

async function trial(context: CommandContext, title: string, config: Config, folder: string): Promise<Trial> {
  const prepared = await prepare(config)
  const callbacks = [progressBar(context.stderr, { title }), metricsFile(join(folder, 'metrics.jsonl'))]
  const result = await distill({ ...distillOptions(prepared), callbacks, ...(context.signal && { signal: context.signal }) })
  if (result.outcome === 'diverged') throw new GpdError('training.diverged', `${title}: ${result.problem}.`, 'Try a lower learning rate.')
  const { accuracy } = await evaluate(result.student, prepared.data.test)
  const learners = Object.values(result.learners)
  const measured = {
    seed: config.seed,
    accuracy,
    seconds: result.seconds,
    trained: Math.max(...learners.map(({ network }) => countParameters(network.parameters))),
    flops: learners.reduce((sum, { network }) => sum + 2 * network.multiplyAdds, 0),
  }
  result.dispose()
  await writeJson(folder, 'result.json', measured)
  return measured
}

function summarize(trials: ReadonlyMap<string, readonly Trial[]>, baseline: string): ArmResult[] {
  const accuracies = (name: string) => trials.get(name)!.map(({ accuracy }) => accuracy)
  return [...trials].map(([name, list]) => ({
    name,
    trials: list,
    accuracy: { mean: mean(accuracies(name)), deviation: deviation(accuracies(name)) },
    seconds: mean(list.map(({ seconds }) => seconds)),
    difference: mean(accuracies(name)) - mean(accuracies(baseline)),
  }))
}

const points = (share: number) => (100 * share).toFixed(2)

function table(results: readonly ArmResult[], baseline: string): string {
  const rows = results.map(({ name, accuracy, seconds, difference, trials }) => [
    name,
    `${points(accuracy.mean)} ± ${points(accuracy.deviation)} %`,
    name === baseline ? 'baseline' : `${difference < 0 ? '−' : '+'}${points(Math.abs(difference))}`,
    `${seconds.toFixed(1)} s`,
    (trials[0]!.flops / 1e6).toFixed(1),
    String(trials.length),
  ])
  const cells = [['arm', 'test accuracy', 'difference', 'training', 'MFLOPs', 'seeds'], ...rows]
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  return cells.map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')).join('\n')
}

const folderName = (name: string) => name.replaceAll(/[^\w.-]+/g, '-')

async function run(context: CommandContext): Promise<number> {
  const { values } = parseArgs({
    args: [...context.args],
    options: { config: { type: 'string' }, output: { type: 'string' }, backend: { type: 'string' }, json: { type: 'boolean' } },
  })
  if (values.config === undefined) throw new GpdError('config.missing', 'gpd ablate: expected --config STUDY.')
  const { value, folder } = await loadFile(values.config)
  const study = checkAgainst(studySchema, value, values.config)
  const names = Object.keys(study.arms)
  const baseline = study.baseline ?? names[0]
  if (baseline === undefined) throw new GpdError('config.invalid', `${values.config}: arms: expected at least one.`)
  if (!names.includes(baseline)) throw new GpdError('config.invalid', `${values.config}: baseline: no arm is called '${baseline}'.`, didYouMean(baseline, names))
  // Every arm is checked before the first one is trained.
  const configs = new Map(names.map((name) => [name, resolvePaths(checkAgainst(configSchema, mergeDeep(study.base, study.arms[name]), `${values.config}: arm '${name}'`), folder)]))
  await chooseBackend(context, values.backend ?? configs.get(baseline)!.backend)
  const output = await claimRunFolder(values.output)

  const trials = new Map<string, Trial[]>(names.map((name) => [name, []]))
  for (const seed of study.seeds) {
    for (const [name, config] of configs) {
      if (context.signal?.aborted) return EXIT.interrupted
      trials.get(name)!.push(await trial(context, `${name}, seed ${seed}`, { ...config, seed }, join(output, folderName(name), `seed-${seed}`)))
    }
  }
  const results = summarize(trials, baseline)
  await writeJson(output, 'result.json', { baseline, arms: results })
  if (values.json) printJson(context, { ok: true, folder: output, baseline, arms: results })
  else context.stdout.write(`${table(results, baseline)}\n`)
  say(context, `Saved in ${output}`)
  return EXIT.ok
}

export const ablate: Command = { summary: 'compare variations of a configuration over seeds', help: HELP, run }
