import { join } from 'node:path'
import { allowedIdentity } from '../config/changes.ts'
import { disposePrepared, distillOptions, prepare } from '../config/prepare.ts'
import { withSaveEvery } from '../config/save-every.ts'
import { readStudy, type ArmConfigs, type ResolvedStudy } from '../config/study.ts'
import { checkStudyChanges, readSavedStudy } from '../config/saved-study.ts'
import { say, type Command, type CommandContext } from '../io.ts'
import { parseOptions, withEmptyValues } from '../options.ts'
import { resumeStudyCommand } from '../resume-command.ts'
import {
  checkRunFolder,
  claimDefaultFolder,
  claimRunFolder,
  openRunFolder,
  RUN,
  writeJson,
  type RunFolder,
} from '../run-folder.ts'
import { inRunFolder, type StepWatch } from '../run-start.ts'
import { chooseBackend, configFile, environment } from './common.ts'
import { folderNames } from './folder-names.ts'
import { folderToResume, maxStepsOf, resumeRequest, savedConfigFile, TRAINING_OPTIONS } from './resume-run.ts'
import { reportStudy } from './study-report.ts'
import { summarize, type Trial } from './study-result.ts'
import { runTrial } from './trial.ts'

type Values = ReturnType<typeof parseOptions<typeof TRAINING_OPTIONS>>

/** Reads everything that the arms name: what is missing or does not fit is found before the first one is trained. */
async function checkArms(configs: ArmConfigs): Promise<void> {
  for (const config of configs.values()) {
    const prepared = await prepare(config)
    distillOptions(prepared)
    disposePrepared(prepared)
  }
}

interface TrialsOptions {
  readonly output: string
  readonly maxSteps: number | undefined
  readonly watch: StepWatch
  readonly allow: readonly string[] | undefined
}

/** Every arm with the first seed, then every arm with the next: what there is early is already a comparison. */
async function runTrials(
  context: CommandContext,
  { configs, seeds }: ResolvedStudy,
  { output, ...options }: TrialsOptions,
): Promise<Map<string, Trial[]>> {
  const trials = new Map<string, Trial[]>([...configs.keys()].map((name) => [name, []]))
  const folders = folderNames([...configs.keys()])
  const errors: unknown[] = []
  for (const seed of seeds) {
    for (const [name, config] of configs) {
      const folder = join(output, RUN.arms, folders.get(name)!, `seed-${seed}`)
      const ending = await runTrial(
        context,
        { ...config, seed },
        { ...options, title: `${name}, seed ${seed}`, folder },
      )
      if (ending === undefined) return trials
      trials.get(name)!.push(ending.trial)
      if ('error' in ending) errors.push(ending.error)
    }
  }
  // Nothing but failures, and no step was taken: there is no study to show.
  const count = [...trials.values()].flat().length
  if (errors.length === count && options.watch.steps() === 0) throw errors[0]
  return trials
}

/** Trains in a folder that is held, and says what came out. */
async function runStudy(
  context: CommandContext,
  values: Values,
  study: ResolvedStudy,
  folder: RunFolder,
  options: Omit<TrialsOptions, 'output' | 'watch'>,
): Promise<number> {
  return inRunFolder(folder, async (watch) => {
    const { path: output } = folder
    say(context, `Study folder: ${output}. If it stops, go on with: ${resumeStudyCommand(output)}`)
    const trials = await runTrials(context, study, { ...options, output, watch })
    const count = [...trials.values()].flat().length
    const interrupted = count < study.seeds.length * study.configs.size
    if (interrupted && count === 0 && watch.steps() === 0) throw context.signal!.reason
    const { baseline } = study
    return reportStudy(context, summarize(trials, baseline), {
      output,
      baseline,
      interrupted,
      json: values.json === true,
    })
  })
}

const withOptions = (study: ResolvedStudy, values: Values): ResolvedStudy => ({
  ...study,
  configs: new Map([...study.configs].map(([name, config]) => [name, withSaveEvery(config, values['save-every'])])),
})

const asJson = (study: ResolvedStudy) => ({ ...study, configs: Object.fromEntries(study.configs) })

const backendOf = (context: CommandContext, values: Values, { configs, baseline }: ResolvedStudy) =>
  chooseBackend(context, values.backend ?? configs.get(baseline)!.backend)

export const ablate: Command = async (context) => {
  const values = parseOptions('ablate', withEmptyValues(context.args, ['--resume']), TRAINING_OPTIONS)
  const maxSteps = maxStepsOf(values)
  const force = values['force-unlock'] === true
  const request = resumeRequest(values.resume, values.output)
  const given = request && values.config === undefined ? undefined : await readStudy(configFile(values.config))
  const shared = given?.configs.get(given.baseline)
  const path = request ? folderToResume(request, shared?.output) : (values.output ?? shared?.output)
  const file = request && (await savedConfigFile(path!, request.must))
  if (file !== undefined) {
    const folder = await openRunFolder(path!, force)
    try {
      const saved = await readSavedStudy(file)
      const study = withOptions(given ?? saved, values)
      const allow = values['allow-change'] ?? []
      checkStudyChanges(folder.path, saved, study, allow)
      const backend = await backendOf(context, values, study)
      await checkArms(study.configs)
      await writeJson(folder.path, RUN.config, asJson(study))
      await writeJson(folder.path, RUN.environment, environment(backend))
      return await runStudy(context, values, study, folder, { maxSteps, allow: allowedIdentity(allow) })
    } finally {
      await folder.release()
    }
  }
  const study = withOptions(given ?? (await readStudy(configFile(values.config))), values)
  if (path !== undefined) await checkRunFolder(path, force)
  const backend = await backendOf(context, values, study)
  await checkArms(study.configs)
  context.signal?.throwIfAborted()
  const files = { files: { [RUN.config]: asJson(study), [RUN.environment]: environment(backend) }, force }
  const folder = path === undefined ? await claimDefaultFolder(files) : await claimRunFolder(path, files)
  return runStudy(context, values, study, folder, { maxSteps, allow: undefined })
}
