import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { existsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { GpdError } from '@gpdjs/core/errors'
import { lastLines, ProgramMissing, runProgram } from './run-program.ts'

async function run(program: string, args: readonly string[], what: string, fix: string): Promise<string> {
  const result = await runProgram(program, args).catch((cause: unknown) => {
    if (!(cause instanceof ProgramMissing)) throw cause
    throw new GpdError('config.missing', `native: expected '${program}' in PATH, found no such program.`, fix, {
      cause,
    })
  })
  if (result.status === 0) return result.stdout
  throw new GpdError(
    'backend.missing',
    `native: could not get ${what}: ${program} ended with status ${result.status}:\n${lastLines(result)}\n`,
    fix,
  )
}

const unpack = (archive: string, folder: string) =>
  run(
    'tar',
    ['-xzf', archive, '-C', folder, '--strip-components=1'],
    archive,
    'Check that the file is a package archive, and that tar is installed.',
  )

/**
 * Unpacks the published files of an npm package, without its dependencies and without running any script of it.
 *
 * @param source name and version, `node-api-headers@1.9.0`, or the path of an archive (`.tgz`) that `npm pack` made
 * @param folder is made
 * @throws GpdError `config.missing` without npm or tar, `backend.missing` if the package cannot be had
 */
export async function unpackNpmPackage(source: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  if (existsSync(source) && statSync(source).isFile()) {
    await unpack(resolve(source), folder)
    return
  }
  const download = await mkdtemp(join(tmpdir(), 'gpd-npm-'))
  try {
    const offline = 'Check the network and the npm registry (npm ping).'
    const output = await run(
      'npm',
      ['pack', source, '--silent', '--ignore-scripts', '--pack-destination', download],
      source,
      offline,
    )
    await unpack(join(download, output.trim().split('\n').at(-1)!), folder)
  } finally {
    await rm(download, { recursive: true, force: true })
  }
}
