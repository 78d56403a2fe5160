import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runProgram } from '../run-program.ts'
import { platformOf } from '../platform.ts'

/** A folder that is gone when `f` is done. */
export async function inTemporaryFolder<T>(f: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'gpd-native-'))
  try {
    return await f(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export async function write(file: string, content: string | Uint8Array): Promise<string> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
  return file
}

/** A program that runs these lines of shell. */
export async function program(file: string, ...lines: readonly string[]): Promise<string> {
  await write(file, ['#!/bin/sh', ...lines, ''].join('\n'))
  await chmod(file, 0o755)
  return file
}

/** The first bytes of a shared library for a machine, ELF or Mach-O. */
function library(machine: number): Uint8Array {
  const header = Buffer.alloc(20)
  const mac = process.platform === 'darwin'
  header.writeUInt32LE(mac ? 0xfeedfacf : 0x464c457f, 0)
  if (mac) header.writeUInt32LE(machine, 4)
  else header.writeUInt16LE(machine, 18)
  return header
}

export interface FakeTensorflow {
  readonly version?: string
  readonly machine?: number
  readonly headers?: boolean
  readonly cuda?: boolean
}

/** The files of a TensorFlow wheel that are looked at, in `<parent>/tensorflow`. */
export async function tensorflowWheel(
  parent: string,
  { version = '2.21.0', machine = platformOf().machine, headers = true, cuda = false }: FakeTensorflow = {},
): Promise<string> {
  const folder = join(parent, 'tensorflow')
  await mkdir(join(parent, `tensorflow_cpu-${version}.dist-info`), { recursive: true })
  for (const name of platformOf().libraries[0]!) await write(join(folder, name), library(machine))
  if (headers) await write(join(folder, 'include/tensorflow/c/eager/c_api.h'), '')
  await write(
    join(folder, 'python/platform/build_info.py'),
    `build_info = OrderedDict([('is_cuda_build', ${cuda ? 'True' : 'False'})])\n`,
  )
  return folder
}

/** A Python whose `find_spec` finds TensorFlow in a folder, or nowhere. */
export const pythonWith = (file: string, tensorflow = ''): Promise<string> => program(file, `echo '${tensorflow}'`)

/** An archive as `npm pack` makes it of tfjs-node, with a source file that no compiler reads. */
export async function tfjsNodeArchive(parent: string): Promise<string> {
  await write(join(parent, 'package/binding/tfjs_binding.cc'), '')
  const archive = join(parent, 'tfjs-node.tgz')
  await runProgram('tar', ['-czf', archive, '-C', parent, 'package'])
  return archive
}
