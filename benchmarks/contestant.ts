import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Size } from './networks.ts'

/** Something that can make training steps, in a process of its own. */
export interface Contestant {
  readonly name: string
  /** Program and arguments; the network follows as JSON. */
  readonly command: readonly string[]
}

const beside = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** Node that runs the TypeScript sources of all packages. */
export const nodeCommand = (script: string, ...args: readonly string[]): readonly string[] => [
  process.execPath,
  '--conditions=@gpdjs/source',
  '--import',
  'tsx',
  beside(script),
  ...args,
]

export const backendContestant = (backend: string): Contestant => ({
  name: backend,
  command: nodeCommand('worker.ts', backend),
})

export const PYTORCH = 'PyTorch'

export const pytorchContestant = (python: string): Contestant => ({
  name: PYTORCH,
  command: [python, beside('pytorch/worker.py')],
})

/** Whether a Python has PyTorch, without importing it: that takes seconds. */
export function hasTorch(python: string): boolean {
  const found = spawnSync(python, ['-c', 'import importlib.util as u, sys; sys.exit(u.find_spec("torch") is None)'])
  return found.status === 0
}

export interface Worker {
  readonly version: string
  /** Milliseconds of one step of an arm, or MB of peak memory for `memory`. */
  ask(question: string): Promise<number>
  end(): void
}

/** Characters of a process's stderr that are shown if it ends. */
const SHOWN_AT_END = 2000

/** Something to install. */
export class Missing extends Error {}

/** Starts a process for one network. It has loaded its library when this returns; throws `Missing` if it has none. */
export async function startWorker({ name, command }: Contestant, size: Size): Promise<Worker> {
  const [program, ...args] = command
  const child = spawn(program!, [...args, JSON.stringify(size)])
  // Writing to a process that has ended fails; the missing answer reports it below, with the last lines of stderr.
  child.stdin.on('error', () => {})
  let errors = ''
  child.stderr.on('data', (data: Buffer) => (errors = (errors + String(data)).slice(-SHOWN_AT_END)))
  const closed = new Promise((resolve) => child.once('close', resolve))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<unknown> => {
    const { value, done } = await lines.next()
    if (done !== true) return JSON.parse(value) as unknown
    await closed
    return { problem: `it has ended: ${errors.trim()}` }
  }
  const { version, problem } = (await answer()) as { version?: string; problem?: string }
  if (version === undefined) throw new Missing(`${name}: ${problem}`)
  return {
    version,
    async ask(question) {
      child.stdin.write(`${question}\n`)
      const answered = (await answer()) as number | { problem: string }
      if (typeof answered === 'number') return answered
      throw new Error(answered.problem)
    },
    end: () => void child.stdin.end(),
  }
}
