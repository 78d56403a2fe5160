import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import {
  countParameters,
  didYouMean,
  GpdError,
  predict,
  randomStream,
  sizeOf,
  soleInput,
  type Model,
} from '@gpdjs/core'
import { loadNetwork } from '@gpdjs/interchange'
import { checkClassNames } from '../config/class-names.ts'
import { classesOf } from '../config/images.ts'
import { EXIT } from '../exit.ts'
import { printJson, say, type Command } from '../io.ts'
import { parseFolderAndOptions } from '../options.ts'
import { checkRunFolder, claimRunFolder, RUN } from '../run-folder.ts'
import { endsOf, endsText } from '../saved/describe.ts'
import { forUse, type InputChoice, type UseOptions } from '../saved/for-use.ts'
import { FORMATS, type Format } from '../saved/formats.ts'
import { classNamesMetadata, savedMoments, type Metadata } from '../saved/metadata.ts'
import { chooseBackend } from './common.ts'

const FOLDERS = { last: RUN.student, best: RUN.best, ema: RUN.ema } as const

/** What makes a run leave those of its students that not every run has. */
const NEEDS: Readonly<Record<string, string>> = {
  best: 'an epoch is the best only where data.validation is above 0',
  ema: 'the configuration must have ema',
}

/** @throws GpdError `checkpoint.missing` if a run did not leave such a student */
async function checkHas(run: string, which: keyof typeof FOLDERS): Promise<void> {
  const isFolder = (name: string) =>
    stat(join(run, name)).then(
      (found) => found.isDirectory(),
      () => false,
    )
  if ((await isFolder(FOLDERS[which])) || !(await isFolder(RUN.student))) return
  const problem = `${run}: this run has no ${which} student: ${NEEDS[which]}.`
  throw new GpdError('checkpoint.missing', problem, 'Use --which last.')
}

/** One of several names. */
function choose<T extends string>(option: string, value: string, known: readonly T[]): T {
  const found = known.find((name) => name === value)
  if (found !== undefined) return found
  throw new GpdError('config.invalid', `${option}: there is no '${value}'.`, didYouMean(value, known))
}

/** Runs a network on random images; a student that cannot be run is better found here than by its user. */
async function checkRuns(model: Model, folder: string): Promise<void> {
  const stream = randomStream(0, 'extract')
  const [, { shape }] = soleInput(model.network, 'gpd extract')
  const size = 2 * sizeOf(shape)
  const logits = tf.tidy(() => {
    const x = tf.tensor(
      Float32Array.from({ length: size }, () => stream.normal()),
      [2, ...shape],
    )
    return predict(model, x)
  })
  const values = await logits.data()
  logits.dispose()
  if (values.every(Number.isFinite)) return
  throw new GpdError('checkpoint.corrupt', `${folder}: its logits are not finite.`, 'Extract another one with --which.')
}

const INPUTS: readonly InputChoice[] = ['0..1', '0..255', 'normalized']

interface Choices {
  readonly input?: string | undefined
  readonly scores: string
  readonly 'batch-norm'?: string | undefined
}

/** @returns what is asked for; `input` is undefined where that depends on the network */
function useOptions(
  values: Choices,
  name: string,
  format: Format,
): Omit<UseOptions, 'input'> & { input?: InputChoice } {
  const norm = values['batch-norm']
  const input = values.input === undefined ? undefined : choose('--input', values.input, INPUTS)
  const scores = choose('--scores', values.scores, ['logits', 'probabilities'])
  if (scores === 'probabilities' && format.trainable) {
    const problem = `--scores probabilities: expected a format that is not trained on, got ${name}.`
    throw new GpdError('config.invalid', problem, 'Losses read logits. Use --format onnx or layers-model.')
  }
  const folds = norm === undefined ? format.folds : choose('--batch-norm', norm, ['folded', 'kept']) === 'folded'
  return { ...(input && { input }), scores, folds }
}

/** Files for use take pixels, unless nobody knows what the network was trained on. */
const inputOf = (asked: InputChoice | undefined, { trainable }: Format, metadata: Metadata): InputChoice =>
  asked ?? (trainable || savedMoments(metadata) === undefined ? 'normalized' : '0..1')

export const extract: Command = async (context) => {
  const { folder, values } = parseFolderAndOptions('extract', context.args, {
    output: { type: 'string' },
    which: { type: 'string', default: 'last' },
    format: { type: 'string', default: 'safetensors' },
    input: { type: 'string' },
    scores: { type: 'string', default: 'logits' },
    'class-names': { type: 'string' },
    'batch-norm': { type: 'string' },
    backend: { type: 'string' },
    json: { type: 'boolean' },
  })
  if (values.output === undefined) throw new GpdError('config.missing', 'gpd extract: expected --output DIR.')
  const which = choose('--which', values.which, ['last', 'best', 'ema'])
  const format = FORMATS[choose('--format', values.format, Object.keys(FORMATS))]!
  const options = useOptions(values, values.format, format)
  const source = join(folder, FOLDERS[which])
  await checkHas(folder, which)
  await checkRunFolder(values.output)
  await chooseBackend(context, values.backend ?? 'auto')
  const { metadata: saved, ...trained } = await loadNetwork(source)
  await checkRuns(trained, source)
  const names = values['class-names']?.split(',').map((name) => name.trim())
  if (names) checkClassNames('--class-names', names, classesOf(trained.network))
  const metadata = { ...saved, ...classNamesMetadata(names) }
  const student = forUse(trained, metadata, { ...options, input: inputOf(options.input, format, metadata) })
  const output = await claimRunFolder(values.output, { entries: format.files })
  try {
    await format.write(output.path, student.model, student.metadata)
  } catch (error) {
    await output.discard().catch(() => undefined)
    throw error
  } finally {
    await output.release()
  }
  student.dispose()
  tf.dispose([trained.parameters, trained.statistics])
  const { network } = student.model
  const parameters = countParameters(network.parameters)
  const ends = endsOf(student.model, student.metadata)
  say(context, `${network.name}: ${parameters.toLocaleString('en')} parameters`)
  for (const line of endsText(ends)) say(context, line)
  say(context, `Saved in ${output.path}`)
  if (values.json) {
    const result = { folder: output.path, which, format: values.format, network: network.name, parameters, ...ends }
    printJson(context, { ok: true, ...result })
  }
  return EXIT.ok
}
