import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { GpdError } from '@gpdjs/core/errors'
import { inspectTensorflow, type Tensorflow } from './inspect-tensorflow.ts'
import { DEFAULT_PYTHON, tensorflowOfPython } from './python.ts'

export interface TensorflowChoice {
  /** A TensorFlow folder. */
  readonly tensorflow?: string | undefined
  /** A Python that has TensorFlow. */
  readonly python?: string | undefined
  readonly wheels: string
}

const versionOrder = new Intl.Collator('en', { numeric: true })

/** The newest wheel that `gpd native install` fetched. */
async function fetchedWheel(wheels: string): Promise<string | undefined> {
  const names = existsSync(wheels) ? await readdir(wheels) : []
  const newest = names
    .filter((name) => /^\d/.test(name))
    .sort(versionOrder.compare)
    .at(-1)
  return newest === undefined ? undefined : join(wheels, newest, 'tensorflow')
}

/**
 * The TensorFlow to link: the one named, else the newest one fetched, else that of `python3`.
 *
 * @throws GpdError `backend.missing` if there is none, and whatever `inspectTensorflow` throws
 */
export async function findTensorflow({ tensorflow, python, wheels }: TensorflowChoice): Promise<Tensorflow> {
  if (tensorflow !== undefined && python !== undefined) {
    throw new GpdError('config.invalid', 'native: expected --tensorflow or --python, got both.', 'Leave one out.')
  }
  if (tensorflow !== undefined) return inspectTensorflow(resolve(tensorflow))
  if (python !== undefined) {
    const folder = await tensorflowOfPython(python)
    if (folder !== undefined) return inspectTensorflow(folder)
    throw new GpdError(
      'backend.missing',
      `native: expected ${python} to have TensorFlow, found none.`,
      `Run ${python} -m pip install tensorflow, or gpd native install.`,
    )
  }
  const fetched = await fetchedWheel(wheels)
  if (fetched !== undefined) return inspectTensorflow(fetched)
  const installed = await tensorflowOfPython(DEFAULT_PYTHON).catch(() => undefined)
  if (installed !== undefined) return inspectTensorflow(installed)
  throw new GpdError(
    'backend.missing',
    `native: expected a TensorFlow, found none in ${wheels} and none in ${DEFAULT_PYTHON}.`,
    'Run `gpd native install`, or name one with --tensorflow or --python.',
  )
}
