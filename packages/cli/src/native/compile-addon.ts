import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GpdError } from '@gpdjs/core/errors'
import type { Tensorflow } from './inspect-tensorflow.ts'
import { platformOf, type Platform } from './platform.ts'
import { lastLines, ProgramMissing, runProgram, type ProgramResult } from './run-program.ts'

/** Node-API's binary interface does not change between versions of Node, so one build serves 20, 22, 24 and later. */
export const NAPI_VERSION = 8

export interface Compilation {
  /** What is built, for messages: `'the binding'`. */
  readonly name: string
  /** Folder of its C++ sources. */
  readonly sources: string
  readonly nodeHeaders: string
  readonly tensorflow: Tensorflow
  readonly output: string
  /** Use everything this processor has; what comes out need not run on another one. Default false. */
  readonly forThisProcessor?: boolean
}

/** Runs the first compiler that exists; `CXX` names one that must. */
async function runCompiler(
  platform: Platform,
  args: readonly string[],
): Promise<{ compiler: string; result: ProgramResult }> {
  const named = process.env['CXX']
  const candidates = named ? [named] : platform.compiler
  for (const compiler of candidates) {
    try {
      return { compiler, result: await runProgram(compiler, args) }
    } catch (error) {
      if (!(error instanceof ProgramMissing)) throw error
    }
  }
  throw new GpdError(
    'config.missing',
    `native: expected a C++ compiler as ${candidates.join(', ')}, found none.`,
    platform.installCompiler,
  )
}

const forThisProcessor = ['-O3', process.arch === 'arm64' ? '-mcpu=native' : '-march=native']

/**
 * Compiles and links an addon, such as the binding of TensorFlow.js: files that use Node-API and TensorFlow's C
 * interface only, so the compiler is all it takes (no make, no node-gyp).
 *
 * @throws GpdError `config.missing` without a compiler, `backend.unsupported` if it fails
 */
export async function compileAddon(
  { name, sources, nodeHeaders, tensorflow, output, ...options }: Compilation,
  platform: Platform = platformOf(),
): Promise<void> {
  const files = (await readdir(sources)).filter((file) => file.endsWith('.cc')).map((file) => join(sources, file))
  const { compiler, result } = await runCompiler(platform, [
    '-std=c++17',
    ...(options.forThisProcessor ? forThisProcessor : ['-O2']),
    ...platform.compilerArguments,
    `-DNAPI_VERSION=${NAPI_VERSION}`,
    '-DBUILDING_NODE_EXTENSION',
    ...[nodeHeaders, tensorflow.include].map((folder) => `-I${folder}`),
    ...files,
    ...platform.linkerArguments,
    ...tensorflow.libraries,
    // Where the libraries are looked for when the addon is loaded.
    `-Wl,-rpath,${dirname(tensorflow.libraries[0]!)}`,
    '-o',
    output,
  ])
  if (result.status === 0) return
  throw new GpdError(
    'backend.unsupported',
    `native: ${compiler} could not build ${name} against TensorFlow ${tensorflow.version} (${tensorflow.folder}):\n${lastLines(result)}\n`,
    'A C++17 compiler and complete headers are needed; try another TensorFlow (gpd native install).',
  )
}
