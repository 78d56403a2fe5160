import { parseArgs } from 'node:util'
import { GpdError } from '@gpdjs/core'
import { evaluate as evaluateNetwork, loadNetwork } from '@gpdjs/trainer'
import { prepareData } from '../config/prepare.ts'
import { EXIT } from '../exit.ts'
import { printJson, say, type Command, type CommandContext } from '../io.ts'
import { chooseBackend, readConfig } from './common.ts'

const HELP = `gpd evaluate FOLDER --config FILE [options]

Accuracy and loss of a saved network on the data of a configuration.

  --config FILE      the configuration it was trained with (for the data and their normalization)
  --split NAME       test (default) or validation
  --set KEY=VALUE    change one entry of the configuration
  --backend NAME     auto, tensorflow, wasm or cpu
  --json             print the result as one JSON object on stdout

Example
  gpd evaluate runs/1/student --config gpd.yaml
`

const SPLITS = ['test', 'validation'] as const
const isSplit = (name: string): name is (typeof SPLITS)[number] => (SPLITS as readonly string[]).includes(name)

async function run(context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...context.args],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      split: { type: 'string', default: 'test' },
      set: { type: 'string', multiple: true },
      backend: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const [folder, ...rest] = positionals
  if (folder === undefined || rest.length > 0) throw new GpdError('config.invalid', `gpd evaluate: expected one folder, got ${positionals.length}.`, 'For example runs/1/student')
  const { split } = values
  if (!isSplit(split)) throw new GpdError('config.invalid', `--split: expected ${SPLITS.join(' or ')}, got '${split}'.`)
  const config = await readConfig(values)
  await chooseBackend(context, config.backend)
  const network = await loadNetwork(folder)
  const { [split]: source } = await prepareData(config)
  const result = await evaluateNetwork(network, source)
  say(context, `${folder} on ${result.samples} ${split} images: accuracy ${(100 * result.accuracy).toFixed(2)} %, loss ${result.loss.toFixed(4)}`)
  if (values.json) printJson(context, { ok: true, folder, split, ...result })
  return EXIT.ok
}

export const evaluate: Command = { summary: 'accuracy of a saved network', help: HELP, run }
