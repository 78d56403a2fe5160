import { join } from 'node:path'
import { distill, evaluate, metricsFile } from '@gpdjs/trainer'
import { disposePrepared, distillOptions, prepare } from '../config/prepare.ts'
import type { Config } from '../config/schema.ts'
import { readStudy, type ArmConfigs } from '../config/study.ts'
import { EXIT } from '../exit.ts'
import { printJson, say, type Command, type CommandContext, type Failure } from '../io.ts'
import { parseOptions, wholeNumber } from '../options.ts'
import { progressBar } from '../progress/progress-bar.ts'
import { canRedraw } from '../progress/terminal.ts'
import { checkRunFolder, defaultRunFolder, RUN, writeJson } from '../run-folder.ts'
import { RunStart } from '../run-start.ts'
import { chooseBackend, configFile, environment } from './common.ts'
import { costOf } from './cost.ts'
import { folderNames } from './folder-names.ts'
import { summarize, type ArmResult, type Trial } from './study-result.ts'
import { studyTable } from './study-table.ts'

interface TrialOptions {
  readonly title: string
  readonly folder: string
  readonly maxSteps: number | undefined
  readonly start: RunStart
}

/** Trains one arm with one seed; undefined if that was interrupted. */
async function runTrial(context: CommandContext, config: Config, options: TrialOptions): Promise<Trial | undefined> {
  const { title, folder, maxSteps, start } = options
  const prepared = await prepare(config)
  const bar = progressBar(context.stderr, { title, redraw: canRedraw(context.stderr, context.env) })
  const result = await distill({
    ...distillOptions(prepared),
    ...(maxSteps !== undefined && { maxSteps }),
    ...(context.signal && { signal: context.signal }),
    callbacks: [start, metricsFile(join(folder, RUN.metrics)), bar],
  })
  const { outcome, seconds } = result
  if (outcome === 'diverged') say(context, `${title}: ${result.problem}.`)
  const measured = outcome === 'completed' || outcome === 'stopped'
  const accuracy = measured ? (await evaluate(result.student, prepared.data.test)).acc : null
  const trial = { seed: config.seed, outcome, accuracy, seconds, cost: costOf(result.learners, prepared) }
  result.dispose()
  disposePrepared(prepared)
  if (outcome === 'aborted') return undefined
  await writeJson(folder, RUN.result, trial)
  return trial
}

/** Reads everything that the arms name: what is missing or does not fit is found before the first one is trained. */
async function checkArms(configs: ArmConfigs): Promise<void> {
  for (const config of configs.values()) {
    const prepared = await prepare(config)
    distillOptions(prepared)
    disposePrepared(prepared)
  }
}

/** Every arm with the first seed, then every arm with the next: what there is early is already a comparison. */
async function runTrials(
  context: CommandContext,
  { configs, seeds }: { readonly configs: ArmConfigs; readonly seeds: readonly number[] },
  options: { readonly output: string; readonly maxSteps: number | undefined; readonly start: RunStart },
): Promise<Map<string, Trial[]>> {
  const { output, maxSteps, start } = options
  const trials = new Map<string, Trial[]>([...configs.keys()].map((name) => [name, []]))
  const folders = folderNames([...configs.keys()])
  for (const seed of seeds) {
    for (const [name, config] of configs) {
      const folder = join(output, RUN.arms, folders.get(name)!, `seed-${seed}`)
      const title = `${name}, seed ${seed}`
      const trial = await runTrial(context, { ...config, seed }, { title, folder, maxSteps, start })
      if (trial === undefined) return trials
      trials.get(name)!.push(trial)
    }
  }
  return trials
}

function failureOf(
  arms: readonly ArmResult[],
  interrupted: boolean,
): (Failure & { readonly status: number }) | undefined {
  if (interrupted) {
    return {
      status: EXIT.interrupted,
      code: 'training.interrupted',
      message: 'Stopped by a signal: the study is incomplete.',
    }
  }
  const diverged = arms.filter(({ trials }) => trials.some(({ outcome }) => outcome === 'diverged'))
  if (diverged.length === 0) return undefined
  const message = `Training diverged: ${diverged.map(({ name }) => name).join(', ')}.`
  return { status: EXIT.diverged, code: 'training.diverged', message, fix: 'Try a lower optimizer.learningRate.' }
}

export const ablate: Command = async (context) => {
  const values = parseOptions('ablate', context.args, {
    config: { type: 'string' },
    output: { type: 'string' },
    backend: { type: 'string' },
    'max-steps': { type: 'string' },
    json: { type: 'boolean' },
  })
  const study = await readStudy(configFile(values.config))
  const maxSteps = values['max-steps'] === undefined ? undefined : wholeNumber('--max-steps', values['max-steps'], 1)
  const shared = study.configs.get(study.baseline)!
  const output = await checkRunFolder(values.output ?? shared.output ?? defaultRunFolder())
  const backend = await chooseBackend(context, values.backend ?? shared.backend)
  await checkArms(study.configs)
  const resolved = { ...study, configs: Object.fromEntries(study.configs) }
  const start = new RunStart(output, { [RUN.config]: resolved, [RUN.environment]: environment(backend) })
  const trials = await start.run(() => runTrials(context, study, { output, maxSteps, start }))
  const arms = summarize(trials, study.baseline)
  const { status, ...error } = failureOf(arms, context.signal?.aborted === true) ?? { status: EXIT.ok }
  const ok = status === EXIT.ok
  const result = { ok, ...(!ok && { error }), folder: output, baseline: study.baseline, arms }
  await writeJson(output, RUN.result, { schema: 1, ...result })
  if (values.json) printJson(context, result)
  else context.stdout.write(`${studyTable(arms, study.baseline)}\n`)
  if ('code' in error) say(context, `gpd: ${[error.message, error.fix].filter(Boolean).join(' ')} [${error.code}]`)
  say(context, `Saved in ${output}`)
  return status
}
