/** The program as a process: signals, pipes, exit status. */
import { spawn, type ChildProcess } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { useBackend } from '@gpdjs/backends'
import { loadNetwork } from '@gpdjs/interchange'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder, tinyConfig, writeConfig, writeTinyImages } from './testing/tiny-images.ts'

const folder = await temporaryFolder()
const at = (...path: string[]) => join(folder, ...path)
const program = fileURLToPath(new URL('main.ts', import.meta.url))
const command = [process.execPath, '--conditions=@gpdjs/source', '--import', 'tsx', program]

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program; `watch` gets all of its errors and notes so far, at each new line. */
function start(
  [file, ...args]: readonly string[],
  watch: (said: string, child: ChildProcess) => void = () => {},
): Promise<Ended> {
  const env = { ...process.env, CI: 'true', NO_COLOR: '1' }
  const child = spawn(file!, args, { cwd: fileURLToPath(new URL('.', import.meta.url)), env })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (data: Buffer) => void (said.stdout += String(data)))
  child.stderr.on('data', (data: Buffer) => {
    said.stderr += String(data)
    watch(said.stderr, child)
  })
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...said })))
}

const gpd = (...args: string[]) => start([...command, ...args])

/** Prints, when the process ends, which modules of TensorFlow.js were loaded (all of them are CommonJS in Node). */
const tellModules = `
import { createRequire } from 'node:module'
const { cache } = createRequire(process.execPath)
process.on('exit', () => console.error(JSON.stringify(Object.keys(cache).filter((file) => file.includes('@tensorflow')))))
`

async function tensorModules(...args: string[]): Promise<string[]> {
  const [node, ...rest] = command
  const preload = `data:text/javascript,${encodeURIComponent(tellModules)}`
  const { stderr } = await start([node!, '--import', preload, ...rest, ...args])
  return JSON.parse(stderr.trimEnd().split('\n').at(-1)!) as string[]
}

beforeAll(async () => {
  await useBackend('wasm')
  await writeTinyImages(at('images'))
  await writeConfig(folder, 'long.json', { ...tinyConfig, epochs: 10_000 })
})

describe('the program', () => {
  it('shows its commands, its version, and the options of a command', async () => {
    const [help, version, train] = await Promise.all([gpd('--help'), gpd('--version'), gpd('train', '--help')])
    expect(help).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/gpd train .*\n.*gpd evaluate/) })
    expect(version).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
    expect(train).toMatchObject({ status: 0, stdout: expect.stringMatching(/--max-steps N/) })
  })

  it.each([
    [[]],
    [['--help']],
    [['--version']],
    [['train', '--help']],
    [['native']],
    [['native', '--help']],
    [['native', 'status', '--json']],
  ])('answers %j without loading a tensor library', async (args) => {
    expect(await tensorModules(...args)).toEqual([])
  })

  it('loads the tensor library for what needs it', async () => {
    expect(await tensorModules('evaluate', at('nothing'))).not.toEqual([])
  })

  it('says what is wrong in one line, and as one object with --json', async () => {
    const { status, stdout, stderr } = await gpd('train', '--config', at('long.json'), '--set', 'epoch=3', '--json')
    expect(status).toBe(2)
    expect(stderr).toMatch(/^gpd: .*epoch: no such key\. Did you mean 'epochs'\? .*\[config\.unknown-key\]\n$/)
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      ok: false,
      error: { code: 'config.unknown-key', fix: expect.stringMatching(/epochs/) },
    })
  })

  it('does not mind when nobody reads on', async () => {
    const quoted = command.map((word) => `'${word}'`).join(' ')
    const { stdout, stderr } = await start(['sh', '-c', `${quoted} --help | head -n 1`])
    expect({ stdout, stderr }).toEqual({ stdout: 'gpd: Gap Preserving Distillation\n', stderr: '' })
  })
})

/** Trains until the first epoch is over, then sends a signal so many times. */
function interrupt(output: string, signal: NodeJS.Signals, times: number): Promise<Ended> {
  let sent = 0
  return start([...command, 'train', '--config', at('long.json'), '--output', at(output)], (said, child) => {
    const due = said.includes('epoch 1/') && (sent === 0 || said.includes(`${signal}: `))
    if (!due || sent === times) return
    sent++
    child.kill(signal)
  })
}

describe('a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const)('%s ends training after a step with what was reached', async (signal, expected) => {
    const { status, stderr } = await interrupt(signal, signal, 1)
    expect(stderr).toContain(`${signal}: finishing this step and saving. Once more to stop at once.`)
    const last = `Saved in ${at(signal)}; to go on: gpd train --resume ${at(signal)}`
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(last)
    expect(status).toBe(expected)
    const { network } = await loadNetwork(at(signal, 'student'))
    expect(network.name).toBe('resnet8-w2')
  })

  it('that comes twice ends the program at once, with nothing half written', async () => {
    const { status } = await interrupt('twice', 'SIGINT', 2)
    expect(status).toBe(130)
    const left = await readdir(at('twice'))
    // A network is renamed into place when it is whole, so what has its final name can be read.
    if (left.includes('student')) {
      const { network } = await loadNetwork(at('twice/student'))
      expect(network.name).toBe('resnet8-w2')
    }
  })
})
