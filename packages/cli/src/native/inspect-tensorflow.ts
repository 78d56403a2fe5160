import { existsSync } from 'node:fs'
import { open, readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { GpdError } from '@gpdjs/core/errors'
import { platformOf, type Platform } from './platform.ts'

/** The oldest TensorFlow whose C interface the binding calls; newer ones keep it. */
export const OLDEST_TENSORFLOW = '2.9'

export interface Tensorflow {
  /** Of a wheel, the folder `tensorflow` in `site-packages`. */
  readonly folder: string
  /** `2.21.0`, or `of unknown version` where only the library itself contains it. */
  readonly version: string
  readonly include: string
  readonly libraries: readonly string[]
  readonly cuda: boolean
}

const INSTALL = 'Run `gpd native install`, or name another with --tensorflow or --python.'

/** A wheel notes its version beside the package: `tensorflow_cpu-2.21.0.dist-info`. */
const WHEEL = /^tensorflow(?:_cpu|_cpu_aws|_gpu|_intel|_macos|_rocm)?-(\d+\.\d+[^-]*)\.dist-info$/

/** Headers of releases before 2.20 name it: `#define TF_MAJOR_VERSION 2`. */
const VERSION_HEADERS = ['release_version.h', 'version.h']

/** The version, if a file contains it; newer unpacked libtensorflow have no such file. */
async function versionOf(folder: string, include: string): Promise<string | undefined> {
  const beside = await readdir(dirname(folder)).catch(() => [])
  const wheel = beside.map((name) => WHEEL.exec(name)?.[1]).find((version) => version !== undefined)
  if (wheel !== undefined && basename(folder) === 'tensorflow') return wheel
  for (const header of VERSION_HEADERS) {
    const text = await readFile(join(include, 'tensorflow/core/public', header), 'utf8').catch(() => '')
    const parts = ['MAJOR', 'MINOR', 'PATCH'].map(
      (part) => new RegExp(`^#define TF_${part}_VERSION\\s+(\\d+)`, 'm').exec(text)?.[1],
    )
    if (parts.every((part) => part !== undefined)) return parts.join('.')
  }
  return undefined
}

/** TensorFlow's eager C interface. */
const HEADER = 'tensorflow/c/eager/c_api.h'

const ELF = 0x464c457f
const MACH_O = 0xfeedfacf

/** Machine number in the header of a shared library, or undefined for another kind of file. */
async function machineOf(library: string): Promise<number | undefined> {
  const file = await open(library)
  try {
    const header = Buffer.alloc(20)
    await file.read(header, 0, header.length, 0)
    const magic = header.readUInt32LE(0)
    if (magic === ELF) return header.readUInt16LE(18)
    return magic === MACH_O ? header.readUInt32LE(4) : undefined
  } finally {
    await file.close()
  }
}

const number = (version: string): number => {
  const [major, minor] = version.split('.').map(Number) as [number, number]
  return major * 1000 + minor
}

function checkVersion(version: string, folder: string): void {
  if (number(version) >= number(OLDEST_TENSORFLOW)) return
  throw new GpdError(
    'backend.unsupported',
    `${folder}: expected TensorFlow ${OLDEST_TENSORFLOW} or later, found ${version}.`,
    INSTALL,
  )
}

async function checkMachine(library: string, platform: Platform): Promise<void> {
  const machine = await machineOf(library)
  if (machine === platform.machine) return
  const found = machine === undefined ? 'no shared library of this system' : `machine ${machine}`
  throw new GpdError(
    'backend.unsupported',
    `${library}: expected a library for ${process.platform}-${process.arch} (machine ${platform.machine}), found ${found}.`,
    INSTALL,
  )
}

async function isCudaBuild(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, 'python/platform/build_info.py'), 'utf8').catch(() => '')
  return /'is_cuda_build', True|"is_cuda_build", True/.test(text)
}

/**
 * Looks at a TensorFlow folder (of a wheel, or an unpacked libtensorflow), without running anything of it.
 *
 * @throws GpdError `backend.missing` if headers or libraries are not there, `backend.unsupported` if they are too old or
 *   for another machine
 */
export async function inspectTensorflow(folder: string, platform: Platform = platformOf()): Promise<Tensorflow> {
  const include = join(folder, 'include')
  if (!existsSync(folder))
    throw new GpdError('backend.missing', `${folder}: expected a TensorFlow folder, found nothing.`, INSTALL)
  const version = await versionOf(folder, include)
  // Before the files are looked for: an old wheel has others.
  if (version !== undefined) checkVersion(version, folder)
  const libraries = platform.libraries
    .map((names) => names.map((name) => join(folder, name)))
    .find((paths) => paths.every((path) => existsSync(path)))
  if (libraries === undefined) {
    const wanted = platform.libraries.map((names) => names.join(' and ')).join(', or ')
    throw new GpdError(
      'backend.missing',
      `${folder}: expected ${wanted}; found no such libraries${basename(folder) === 'tensorflow' ? '' : ' (a wheel has them in site-packages/tensorflow)'}.`,
      INSTALL,
    )
  }
  if (!existsSync(join(include, HEADER))) {
    throw new GpdError(
      'backend.missing',
      `${folder}: expected the header include/${HEADER}, found the libraries alone.`,
      INSTALL,
    )
  }
  for (const library of libraries) await checkMachine(library, platform)
  return { folder, version: version ?? 'of unknown version', include, libraries, cuda: await isCudaBuild(folder) }
}
