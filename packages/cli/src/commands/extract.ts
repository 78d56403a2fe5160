import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import {
  countParameters,
  didYouMean,
  foldBatchNorm,
  GpdError,
  predict,
  randomStream,
  type Model,
  soleInput,
  toLayersModel,
  toOnnx,
} from '@gpdjs/core'
import { layersModelFolder, loadNetwork, saveNetwork, writeFolder } from '@gpdjs/trainer'
import { EXIT } from '../exit.ts'
import { printJson, say, type Command } from '../io.ts'
import { parseFolderAndOptions } from '../options.ts'
import { checkRunFolder, claimRunFolder, RUN } from '../run-folder.ts'
import { chooseBackend } from './common.ts'

const FOLDERS: Readonly<Record<string, string>> = { last: RUN.student, best: RUN.best, ema: RUN.ema }

function folderOf(which: string): string {
  if (Object.hasOwn(FOLDERS, which)) return FOLDERS[which]!
  throw new GpdError('config.invalid', `--which: there is no '${which}'.`, didYouMean(which, Object.keys(FOLDERS)))
}

/** Runs a network on random images; a student that cannot be run is better found here than by its user. */
async function checkRuns(model: Model, folder: string): Promise<void> {
  const stream = randomStream(0, 'extract')
  const [, { shape }] = soleInput(model.network, 'gpd extract')
  const size = shape.reduce((a, b) => a * b, 2)
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

type Save = (folder: string, student: Loaded) => Promise<void>
type Loaded = Awaited<ReturnType<typeof loadNetwork>>

/** What a student can be written as. */
const FORMATS: Readonly<Record<string, Save>> = {
  safetensors: (folder, student) => saveNetwork(folder, student, student.metadata),
  'layers-model': async (folder, { network, parameters, statistics }) => {
    const model = toLayersModel({ network, parameters, statistics })
    await model.save(layersModelFolder(folder))
    model.dispose()
  },
  onnx: async (folder, { network, parameters, statistics }) =>
    writeFolder(folder, { 'model.onnx': await toOnnx({ network, parameters, statistics }, { foldBatchNorm: false }) }),
}

/** Runtimes of ONNX gain by folding; other formats are trained on, and a folded network has nothing to normalize by. */
const FOLDED_BY_DEFAULT: readonly string[] = ['onnx']

function foldsBatchNorm(choice: string | undefined, format: string): boolean {
  if (choice === undefined) return FOLDED_BY_DEFAULT.includes(format)
  if (choice === 'folded' || choice === 'kept') return choice === 'folded'
  throw new GpdError('config.invalid', `--batch-norm: expected folded or kept, got '${choice}'.`)
}

function formatOf(name: string): Save {
  if (Object.hasOwn(FORMATS, name)) return FORMATS[name]!
  throw new GpdError('config.invalid', `--format: there is no '${name}'.`, didYouMean(name, Object.keys(FORMATS)))
}

export const extract: Command = async (context) => {
  const { folder, values } = parseFolderAndOptions('extract', context.args, {
    output: { type: 'string' },
    which: { type: 'string', default: 'last' },
    format: { type: 'string', default: 'safetensors' },
    'batch-norm': { type: 'string' },
    backend: { type: 'string' },
    json: { type: 'boolean' },
  })
  if (values.output === undefined) throw new GpdError('config.missing', 'gpd extract: expected --output DIR.')
  const source = join(folder, folderOf(values.which))
  const save = formatOf(values.format)
  const folds = foldsBatchNorm(values['batch-norm'], values.format)
  await checkRunFolder(values.output)
  await chooseBackend(context, values.backend ?? 'auto')
  const trained = await loadNetwork(source)
  await checkRuns(trained, source)
  const student = folds ? { ...trained, ...foldBatchNorm(trained) } : trained
  const output = await claimRunFolder(values.output)
  await save(output, student)
  tf.dispose([trained.parameters, trained.statistics, student.parameters, student.statistics])
  const { name, parameters: specs } = student.network
  const parameters = countParameters(specs)
  say(context, `${name}: ${parameters.toLocaleString('en')} parameters`)
  say(context, `Saved in ${output}`)
  if (values.json) printJson(context, { ok: true, folder: output, which: values.which, network: name, parameters })
  return EXIT.ok
}
