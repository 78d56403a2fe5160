import { resolve } from 'node:path'
import { GpdError, type BatchSource } from '@gpdjs/core'
import { evaluate as evaluateNetwork } from '@gpdjs/trainer'
import { prepareData, prepareTest } from '../config/data.ts'
import type { Config } from '../config/schema.ts'
import { EXIT } from '../exit.ts'
import { printJson, say, type Command } from '../io.ts'
import { parseFolderAndOptions } from '../options.ts'
import { classesOf } from '../config/images.ts'
import { loadSaved } from '../saved/load.ts'
import { savedMoments } from '../saved/metadata.ts'
import type { Saved } from '../saved/saved.ts'
import { chooseBackend, percent, readConfig, type Overrides } from './common.ts'

const SPLITS = ['test', 'validation'] as const
type Split = (typeof SPLITS)[number]

function splitOf(name: string): Split {
  const split = SPLITS.find((known) => known === name)
  if (split !== undefined) return split
  throw new GpdError('config.invalid', `--split: expected ${SPLITS.join(' or ')}, got '${name}'.`)
}

/** What is evaluated on: the data of a configuration, or a folder. */
type Source = { readonly config: Config } | { readonly directory: string }

async function sourceOf(values: Overrides & { readonly data?: string | undefined }, split: Split): Promise<Source> {
  if (values.data === undefined) return { config: await readConfig(values) }
  if (values.config !== undefined) throw new GpdError('config.invalid', 'Expected --config or --data, got both.')
  if (split !== 'test') {
    throw new GpdError(
      'config.invalid',
      `--split ${split}: a folder alone does not say which images that is.`,
      'Use --config FILE.',
    )
  }
  return { directory: resolve(values.data) }
}

async function imagesOf(source: Source, split: Split, { model, metadata }: Saved): Promise<BatchSource> {
  const moments = savedMoments(metadata)
  if ('directory' in source) return prepareTest(source.directory, classesOf(model.network), moments)
  const images = (await prepareData(source.config, moments))[split]
  if (images !== undefined) return images
  const problem = `--split ${split}: expected a configuration that holds images out, got data.validation 0.`
  throw new GpdError('config.invalid', problem, 'Use --split test, or --set data.validation=0.1.')
}

export const evaluate: Command = async (context) => {
  const { folder, values } = parseFolderAndOptions('evaluate', context.args, {
    config: { type: 'string' },
    data: { type: 'string' },
    split: { type: 'string', default: 'test' },
    set: { type: 'string', multiple: true },
    backend: { type: 'string' },
    json: { type: 'boolean' },
  })
  const split = splitOf(values.split)
  const source = await sourceOf(values, split)
  await chooseBackend(context, values.backend ?? ('config' in source ? source.config.backend : 'auto'))
  const saved = await loadSaved(folder)
  const images = await imagesOf(source, split, saved)
  const { signal } = context
  const result = await evaluateNetwork(saved.model, images, { ...(signal && { signal }) }).finally(() =>
    saved.dispose(),
  )
  const { size: samples } = images
  const { acc: accuracy, loss } = result
  if (!Number.isFinite(loss)) {
    const problem = `${folder}: expected finite outputs for ${samples} ${split} images, got a loss of ${loss}.`
    throw new GpdError('training.diverged', problem, 'Evaluate a network whose training did not diverge.')
  }
  say(context, `${folder} on ${samples} ${split} images: accuracy ${percent(accuracy)}, loss ${loss.toFixed(4)}`)
  if (values.json) printJson(context, { ok: true, folder, split, accuracy, loss, samples })
  return EXIT.ok
}
