// Makes sure that the dependencies are installed. Quiet and quick when there is nothing to do.
import './require-node.mjs'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { projectFolders, readJson, root } from './workspace.mjs'

const stampFile = join(root, 'node_modules/.setup.json')

/** Everything an installation depends on, as one line: the requested packages and the platform. */
function fingerprint() {
  const hash = createHash('sha256')
  const manifests = projectFolders().map((folder) => join(folder, 'package.json'))
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
    hash.update(file).update(readFileSync(join(root, file)))
  }
  const [nodeMajor] = process.versions.node.split('.')
  return `${process.platform}-${process.arch}-node${nodeMajor}-${hash.digest('hex')}`
}

/** @param {string} wanted fingerprint of the files as they are now */
function isUpToDate(wanted) {
  const linked = projectFolders().every((folder) => existsSync(join(root, folder, 'node_modules')))
  return linked && existsSync(stampFile) && readJson(stampFile).installed === wanted
}

/**
 * Runs a command with its output kept back, to be shown only if it fails.
 *
 * @param {string} command
 * @param {readonly string[]} args
 */
function run(command, args) {
  const env = {
    npm_config_fetch_retry_mintimeout: '1000', // without a network: an answer after seconds, not after a minute
    ...process.env,
    CI: 'true', // without questions to the user
    NODE_ENV: 'development', // 'production' would leave the tools out
    COREPACK_ENABLE_DOWNLOAD_PROMPT: '0',
  }
  const result = spawnSync(command, args, { cwd: root, env, encoding: 'utf8', shell: process.platform === 'win32' })
  return { ok: result.status === 0, output: `${result.stdout ?? ''}${result.stderr ?? ''}` }
}

/** The installer: pnpm from PATH if its major version is ours, else a copy that npx keeps in npm's cache. */
function installer() {
  const pinned = readJson(join(root, 'package.json')).packageManager
  const [major] = pinned.split('@')[1].split('.')
  const found = run('pnpm', ['--version'])
  return found.ok && found.output.trim().startsWith(`${major}.`) ? ['pnpm'] : ['npx', '--yes', pinned]
}

/** @type {readonly { symptom: RegExp, cure: string }[]} Usual causes of failures, and what helps. */
const diagnoses = [
  {
    symptom: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ECONNRESET|ERR_PNPM_META_FETCH_FAIL/,
    cure: 'The package registry cannot be reached. Check the network, or set a registry or proxy with `npm config`.',
  },
  {
    symptom: /ERR_PNPM_OUTDATED_LOCKFILE/,
    cure: 'A package.json changed without its lockfile. Run `npx pnpm install` and commit pnpm-lock.yaml.',
  },
  { symptom: /ENOSPC/, cure: 'The disk is full: about 600 MB are needed.' },
  { symptom: /EACCES|EPERM|EROFS/, cure: 'The folder cannot be written. Check its owner, node_modules included.' },
]

export function setup() {
  const wanted = fingerprint()
  if (isUpToDate(wanted)) return

  const isFirst = !existsSync(join(root, 'node_modules'))
  console.error(`Installing dependencies (${isFirst ? 'first time only' : 'they have changed'}) …`)
  const [command, ...args] = installer()
  const { ok, output } = run(command, [...args, 'install', '--frozen-lockfile'])
  if (!ok) {
    const lastLines = output.trim().split('\n').slice(-15).join('\n')
    const diagnosis = diagnoses.find(({ symptom }) => symptom.test(output))
    console.error(
      `${lastLines}\n\nInstalling the dependencies failed. ${diagnosis?.cure ?? 'The lines above show the reason.'}`,
    )
    process.exit(1)
  }
  writeFileSync(stampFile, JSON.stringify({ installed: wanted }))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup()
