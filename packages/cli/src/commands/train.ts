import { join } from 'node:path'
import { GpdError, isRecord } from '@gpdjs/core'
import { listCheckpoints } from '@gpdjs/interchange'
import { allowedIdentity, changesOf, changeText, checkChanges } from '../config/changes.ts'
import { disposePrepared, distillOptions, prepare, type Prepared } from '../config/prepare.ts'
import { withSaveEvery } from '../config/save-every.ts'
import type { Config } from '../config/schema.ts'
import { EXIT } from '../exit.ts'
import { printJson, say, type Command, type CommandContext } from '../io.ts'
import { parseOptions, withEmptyValues } from '../options.ts'
import { resumeCommand } from '../resume-command.ts'
import {
  checkRunFolder,
  claimDefaultFolder,
  claimRunFolder,
  clearRunFolder,
  openRunFolder,
  RUN,
  writeJson,
  type RunFolder,
} from '../run-folder.ts'
import { inRunFolder } from '../run-start.ts'
import { chooseBackend, environment, readConfig } from './common.ts'
import { dryRun } from './dry-run.ts'
import { folderToResume, maxStepsOf, readJson, resumeRequest, savedConfigFile, TRAINING_OPTIONS } from './resume-run.ts'
import { measure, report, type TrainResult } from './train-result.ts'
import { checkpointFolder, trainInto, type Training } from './training.ts'

const OPTIONS = {
  ...TRAINING_OPTIONS,
  set: { type: 'string', multiple: true },
  seed: { type: 'string' },
  'dry-run': { type: 'boolean' },
} as const

type Values = ReturnType<typeof parseOptions<typeof OPTIONS>>

const begins = (folder: string, { checkpoints }: Config) =>
  `Run folder: ${folder}${checkpoints === false ? '' : `. If it stops, go on with: ${resumeCommand(folder)}`}`

/** Trains in a folder that is held, measures, and says what came out. */
async function trainIn(
  context: CommandContext,
  values: Values,
  folder: RunFolder,
  prepare: () => Promise<Pick<Training, 'resume'> & { readonly prepared: Prepared; readonly backend: Backend }>,
): Promise<number> {
  return inRunFolder(folder, async (watch) => {
    const { prepared, backend, resume } = await prepare()
    const { path } = folder
    const title = prepared.config.student.network
    const training = { title, folder: path, watch, maxSteps: maxStepsOf(values), begins: begins(path, prepared.config) }
    const trained = await trainInto(context, prepared, { ...training, ...(resume && { resume }) })
    const { measured, status } = await measure(trained, prepared, backend, { folder: path, io: context })
    trained.result.dispose()
    disposePrepared(prepared)
    report(context, measured)
    if (values.json) printJson(context, measured)
    return status
  }).catch(async (error: unknown) => {
    await sayWhatIsLeft(context, folder.path)
    throw error
  })
}

type Backend = Awaited<ReturnType<typeof chooseBackend>>

/** A run that failed in the middle may be gone on with. */
async function sayWhatIsLeft(context: CommandContext, folder: string): Promise<void> {
  const [newest] = await listCheckpoints(checkpointFolder(folder))
  if (newest) say(context, `The run is saved up to step ${newest.step}; to go on: ${resumeCommand(folder)}`)
}

async function begin(context: CommandContext, values: Values, given: Config, path: string | undefined) {
  const force = values['force-unlock'] === true
  const config = withSaveEvery(given, values['save-every'])
  if (path !== undefined) await checkRunFolder(path, force)
  const backend = await chooseBackend(context, config.backend)
  const prepared = await prepare(config)
  if (values['dry-run']) return dryRun(context, prepared, maxStepsOf(values), values.json === true)
  distillOptions(prepared)
  context.signal?.throwIfAborted()
  const files = { files: { [RUN.config]: config, [RUN.environment]: environment(backend) }, force }
  const folder = path === undefined ? await claimDefaultFolder(files) : await claimRunFolder(path, files)
  return trainIn(context, values, folder, () => Promise.resolve({ prepared, backend }))
}

const isFinished = (result: unknown): result is TrainResult =>
  isRecord(result) && result['ok'] === true && result['outcome'] === 'completed' && isRecord(result['accuracy'])

/** What a run came to that is over; undefined if there is something left to do. */
async function finished(folder: string, saved: Config, config: Config): Promise<TrainResult | undefined> {
  const result = await readJson(join(folder, RUN.result))
  return isFinished(result) && config.epochs <= saved.epochs ? { ...result, folder } : undefined
}

function showFinished(context: CommandContext, values: Values, result: TrainResult): number {
  say(context, `This run is complete: there is nothing to go on with.`)
  report(context, result)
  if (values.json) printJson(context, result)
  return EXIT.ok
}

/** Without a checkpoint a run can only begin anew, which must be asked for. */
async function restart(folder: string, must: boolean): Promise<void> {
  if (must) {
    const problem = `'${folder}': expected a checkpoint to go on with, found none: the run stopped before its first.`
    throw new GpdError('checkpoint.missing', problem, 'Begin it anew with --resume=auto.')
  }
  await clearRunFolder(folder)
}

interface Found {
  readonly folder: RunFolder
  /** The resolved configuration of the run. */
  readonly file: string
  readonly must: boolean
}

async function goOn(context: CommandContext, values: Values, given: Config | undefined, found: Found) {
  const { folder, file, must } = found
  const saved = await readConfig({ config: file })
  const config = withSaveEvery(given ?? (await readConfig({ ...values, config: file })), values['save-every'])
  const allow = values['allow-change'] ?? []
  const changes = changesOf(saved, config)
  checkChanges(folder.path, changes, allow)
  const result = await finished(folder.path, saved, config)
  if (result) return showFinished(context, values, result)
  return trainIn(context, values, folder, async () => {
    for (const change of changes) say(context, `Changed: ${changeText(change)}`)
    const backend = await chooseBackend(context, config.backend)
    const prepared = await prepare(config)
    const isNew = (await listCheckpoints(checkpointFolder(folder.path))).length === 0
    if (isNew) await restart(folder.path, must)
    if (isNew || changes.length > 0) await writeJson(folder.path, RUN.config, config)
    await writeJson(folder.path, RUN.environment, environment(backend))
    return { prepared, backend, resume: { optional: true, allow: allowedIdentity(allow) } }
  })
}

export const train: Command = async (context) => {
  const values = parseOptions('train', withEmptyValues(context.args, ['--resume']), OPTIONS)
  maxStepsOf(values)
  const request = resumeRequest(values.resume, values.output)
  const given = request && values.config === undefined ? undefined : await readConfig(values)
  const path = request ? folderToResume(request, given?.output) : (values.output ?? given?.output)
  const file = request && (await savedConfigFile(path!, request.must))
  if (file === undefined) return begin(context, values, given ?? (await readConfig(values)), path)
  const folder = await openRunFolder(path!, values['force-unlock'] === true)
  try {
    return await goOn(context, values, given, { folder, file, must: request!.must })
  } finally {
    await folder.release()
  }
}
