import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as tf from '@tensorflow/tfjs'
import { apply, countParameters, GpdError, randomStream } from '@gpdjs/core'
import { loadNetwork, saveNetwork, type ExtractedNetwork } from '@gpdjs/trainer'
import { EXIT } from '../exit.ts'
import { printJson, say, type Command, type CommandContext } from '../io.ts'
import { claimRunFolder } from '../run-folder.ts'
import { chooseBackend } from './common.ts'

const HELP = `gpd extract RUN --output DIR [options]

Takes the plain student out of the folder of a run: network.json and weights.safetensors, checked by running it.

  --output DIR       a new or empty folder
  --which NAME       last (default), best (by validation) or ema
  --json             print the result as one JSON object on stdout

Example
  gpd extract runs/1 --output student --which best
`

const FOLDERS: Readonly<Record<string, string>> = { last: 'student', best: 'best', ema: 'ema' }

/** Runs a network on random images; a student that cannot is better found here than at its user's. */
async function checkRuns({ network, parameters, statistics }: ExtractedNetwork, folder: string): Promise<void> {
  const stream = randomStream(0, 'extract')
  const size = network.inputShape.reduce((a, b) => a * b, 2)
  const logits = tf.tidy(() => {
    const x = tf.tensor(Float32Array.from({ length: size }, () => stream.normal()), [2, ...network.inputShape])
    return apply(network, parameters, statistics, x, { training: false }).logits
  })
  const values = await logits.data()
  logits.dispose()
  if (!values.every(Number.isFinite)) throw new GpdError('checkpoint.corrupt', `${folder}: its logits are not finite.`)
}

async function run(context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...context.args],
    allowPositionals: true,
    options: { output: { type: 'string' }, which: { type: 'string', default: 'last' }, backend: { type: 'string' }, json: { type: 'boolean' } },
  })
  const [folder, ...rest] = positionals
  if (folder === undefined || rest.length > 0) throw new GpdError('config.invalid', `gpd extract: expected one folder, got ${positionals.length}.`, 'For example runs/1')
  if (values.output === undefined) throw new GpdError('config.missing', 'gpd extract: expected --output DIR.')
  const source = FOLDERS[values.which]
  if (source === undefined) throw new GpdError('config.invalid', `--which: expected ${Object.keys(FOLDERS).join(', ')}, got '${values.which}'.`)
  await chooseBackend(context, values.backend ?? 'auto')
  const student = await loadNetwork(join(folder, source))
  await checkRuns(student, folder)
  const output = await claimRunFolder(values.output)
  await saveNetwork(output, student, student.metadata)
  const parameters = countParameters(student.network.parameters)
  say(context, `${student.network.name}: ${parameters.toLocaleString('en')} parameters, saved in ${output}`)
  if (values.json) printJson(context, { ok: true, folder: output, network: student.network.name, parameters })
  return EXIT.ok
}

export const extract: Command = { summary: 'take the plain student out of a run', help: HELP, run }
