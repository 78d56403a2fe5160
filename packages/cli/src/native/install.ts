import { join } from 'node:path'
import { GpdError } from '@gpdjs/core/errors'
import type { NativeFolders } from '@gpdjs/backends/native'
import { inspectTensorflow } from './inspect-tensorflow.ts'
import { platformOf } from './platform.ts'
import { DEFAULT_PYTHON, moduleCommand, runPython } from './python.ts'
import { lastLines } from './run-program.ts'
import { fillFolder } from './staging-folder.ts'

export interface InstallOptions {
  /** The Python whose pip fetches. */
  readonly python?: string | undefined
  /** Of TensorFlow; the newest that pip finds if left out. */
  readonly version?: string | undefined
  readonly report?: (line: string) => void
}

async function checkPip(python: string): Promise<void> {
  if ((await runPython(python, moduleCommand('pip', '--version'))).status === 0) return
  throw new GpdError(
    'config.missing',
    `native: expected ${python} to have pip, found none.`,
    `Run ${python} -m ensurepip. ${platformOf().installPython}`,
  )
}

/**
 * Fetches the wheel of TensorFlow (without CUDA, without its dependencies, which the library does not need) into the
 * cache folder. Python's own packages are left alone.
 *
 * @returns the TensorFlow folder
 * @throws GpdError `config.missing` without Python or pip, `backend.missing` if pip fails
 */
export async function installTensorflow(
  folders: NativeFolders,
  { python = DEFAULT_PYTHON, version, report = () => {} }: InstallOptions,
): Promise<string> {
  const { wheel } = platformOf()
  if (version !== undefined && !/^\d+(\.\d+)*$/.test(version))
    throw new GpdError('config.invalid', `native: --version: expected numbers like 2.21.0, got '${version}'.`)
  await checkPip(python)
  report(`Fetching ${wheel} (about 250 MB)…`)
  const { folder } = await fillFolder(folders.wheels, async (staging) => {
    const wanted = version === undefined ? wheel : `${wheel}==${version}`
    const options = ['--no-deps', '--disable-pip-version-check', '--quiet', '--target', staging]
    const result = await runPython(python, moduleCommand('pip', 'install', ...options, wanted))
    if (result.status !== 0) {
      throw new GpdError(
        'backend.missing',
        `native: pip could not fetch ${wanted} (status ${result.status}):\n${lastLines(result)}\n`,
        'Check the network and the disk. There may be no wheel for a very new or old Python: name another with --python.',
      )
    }
    const found = await inspectTensorflow(join(staging, 'tensorflow'))
    return { name: found.version, result: found }
  })
  return join(folder, 'tensorflow')
}
