import { parseArgs } from 'node:util'
import { GpdError } from '@gpdjs/core'

/** What can be changed from the command line, with what the published table was made with. */
export interface ExampleOptions {
  readonly seed: number
  /** Images to train on; the rest of the training set stays unused, so that the whole example takes minutes. */
  readonly images: number
  readonly epochs: number
  readonly batchSize: number
  readonly output: string
}

const number = (name: string, text: string): number => {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0) return value
  throw new GpdError('config.invalid', `--${name}: expected a whole number, got '${text}'.`)
}

export const USAGE = `npm start -- [options]

  --seed N       which random numbers (default 42)
  --images N     how many images to train on (default 12800)
  --epochs N     passes over them (default 3)
  --smoke        a short form: 640 images, 1 epoch
  --output DIR   where to save (default runs/fashion-mnist-<time>)
`

/** @throws GpdError `config.invalid` */
export function parseOptions(args: readonly string[]): ExampleOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      images: { type: 'string' },
      epochs: { type: 'string' },
      output: { type: 'string' },
      smoke: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
  return {
    seed: number('seed', values.seed ?? '42'),
    images: number('images', values.images ?? (values.smoke ? '640' : '12800')),
    epochs: number('epochs', values.epochs ?? (values.smoke ? '1' : '3')),
    batchSize: 64,
    output: values.output ?? `runs/fashion-mnist-${time}`,
  }
}
