import { join } from 'node:path'
import { saveHeads, saveNetwork } from '@gpdjs/interchange'
import { distill, metricsFile, type DistillResult, type Outcome } from '@gpdjs/trainer'
import { disposePrepared, distillOptions, prepare, type Prepared } from '../config/prepare.ts'
import { EXIT } from '../exit.ts'
import { printJson, type Command } from '../io.ts'
import { parseOptions, wholeNumber } from '../options.ts'
import { progressBar } from '../progress/progress-bar.ts'
import { canRedraw } from '../progress/terminal.ts'
import { checkRunFolder, defaultRunFolder, RUN, writeJson } from '../run-folder.ts'
import { RunStart } from '../run-start.ts'
import { classNamesMetadata, momentsMetadata } from '../saved/metadata.ts'
import { chooseBackend, environment, readConfig } from './common.ts'
import { dryRun } from './dry-run.ts'
import { measure, report } from './train-result.ts'

const STATUS: Readonly<Record<Outcome, number>> = {
  completed: EXIT.ok,
  stopped: EXIT.ok,
  aborted: EXIT.interrupted,
  diverged: EXIT.diverged,
}

async function saveNetworks(folder: string, result: DistillResult, { config, data }: Prepared): Promise<void> {
  const metadata = {
    network: config.student.network,
    seed: String(config.seed),
    steps: String(result.steps),
    ...momentsMetadata(data.moments),
    ...classNamesMetadata(config.data.classNames),
  }
  await saveNetwork(join(folder, RUN.student), result.student, metadata)
  const { best, alternatives, heads } = result
  if (best) await saveNetwork(join(folder, RUN.best), best.student, { ...metadata, epoch: String(best.epoch) })
  for (const [name, network] of Object.entries(alternatives)) await saveNetwork(join(folder, name), network, metadata)
  if (Object.keys(heads).length > 0) await saveHeads(join(folder, RUN.heads), heads)
}

export const train: Command = async (context) => {
  const values = parseOptions('train', context.args, {
    config: { type: 'string' },
    output: { type: 'string' },
    set: { type: 'string', multiple: true },
    seed: { type: 'string' },
    backend: { type: 'string' },
    'max-steps': { type: 'string' },
    'dry-run': { type: 'boolean' },
    json: { type: 'boolean' },
  })
  const config = await readConfig(values)
  const maxSteps = values['max-steps'] === undefined ? undefined : wholeNumber('--max-steps', values['max-steps'], 1)
  const folder = await checkRunFolder(values.output ?? config.output ?? defaultRunFolder())
  const backend = await chooseBackend(context, config.backend)
  const prepared = await prepare(config)
  if (values['dry-run']) return dryRun(context, prepared, maxSteps, values.json === true)

  const start = new RunStart(folder, { [RUN.config]: config, [RUN.environment]: environment(backend) })
  const bar = progressBar(context.stderr, {
    title: config.student.network,
    redraw: canRedraw(context.stderr, context.env),
  })
  const result = await start.run(() =>
    distill({
      ...distillOptions(prepared),
      ...(maxSteps !== undefined && { maxSteps }),
      ...(context.signal && { signal: context.signal }),
      callbacks: [start, metricsFile(join(folder, RUN.metrics)), bar],
    }),
  )
  await saveNetworks(folder, result, prepared)
  const measured = await measure(result, prepared, backend, folder)
  await writeJson(folder, RUN.result, { schema: 1, ...measured })
  report(context, measured)
  if (values.json) printJson(context, measured)
  result.dispose()
  disposePrepared(prepared)
  return STATUS[result.outcome]
}
