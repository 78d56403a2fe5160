/**
 * Training steps on every backend beside PyTorch, their memory, and kernels: everything the project is measured by, in
 * one command. Everything compared is interleaved in one run.
 *
 *     npm run bench -- [--steps] [--memory] [--kernels] [--networks A,D] [--backends tensorflow,wasm]
 *                      [--python python3] [--rounds 7] [--json] [--output FILE]
 *
 * Without --steps, --memory or --kernels: all of them. --json prints the report as JSON instead of tables; --output
 * writes it to a file as well, which `npm run docs:performance -- --bench FILE` reads.
 */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { parseArgs, promisify } from 'node:util'
import {
  backendContestant,
  hasTorch,
  Missing,
  nodeCommand,
  PYTORCH,
  pytorchContestant,
  startWorker,
  type Contestant,
} from './contestant.ts'
import { runsByDefault } from './goals.ts'
import type { KernelTable } from './kernels.ts'
import { measureMemory, measureSteps } from './measure.ts'
import { networkNames, NETWORKS, type NetworkName } from './networks.ts'
import { provenance, tablesOf, type BenchReport } from './report.ts'
import { plainText } from './table.ts'

const { values: options } = parseArgs({
  options: {
    steps: { type: 'boolean' },
    memory: { type: 'boolean' },
    kernels: { type: 'boolean' },
    networks: { type: 'string' },
    backends: { type: 'string' },
    python: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    json: { type: 'boolean', default: false },
    output: { type: 'string' },
  },
})

const say = (text: string) => void process.stderr.write(`${text}\n`)

function stop(problem: string): never {
  say(problem)
  process.exit(2)
}

const sections = ['steps', 'memory', 'kernels'] as const
const all = sections.every((section) => options[section] === undefined)
const wants = (section: (typeof sections)[number]) => all || options[section] === true

const rounds = Number(options.rounds)
if (!Number.isInteger(rounds) || rounds < 1) stop(`--rounds: expected 1, 2, 3 …, got '${options.rounds}'.`)
const networks = (options.networks?.split(',') ?? networkNames) as NetworkName[]
for (const name of networks)
  if (!networkNames.includes(name)) stop(`--networks: there is no '${name}'. Known: ${networkNames.join(', ')}.`)

const leftOut: string[] = []
const versions: Record<string, string> = {}

/** A contestant given by name has to be there; others that are missing are left out, with a line in the output. */
function leaveOut(named: boolean, problem: string): undefined {
  if (named) stop(problem)
  leftOut.push(problem)
  say(`Left out: ${problem}`)
}

/** Starts it once, so that a missing part is found now and not after minutes. */
async function present(contestant: Contestant, named: boolean): Promise<Contestant | undefined> {
  try {
    const { version, end } = await startWorker(contestant, NETWORKS.D)
    end()
    versions[contestant.name] = version
    return contestant
  } catch (error) {
    if (!(error instanceof Missing)) throw error
    return leaveOut(named, error.message)
  }
}

async function pytorch(): Promise<Contestant | undefined> {
  const { python = 'python3' } = options
  if (hasTorch(python)) return present(pytorchContestant(python), true)
  const install = `Run \`${python} -m pip install torch\`, or name a Python that has it with --python.`
  return leaveOut(options.python !== undefined, `${PYTORCH}: ${python} has no torch. ${install}`)
}

const backends = options.backends?.split(',') ?? ['tensorflow', 'wasm']
const found = [
  await pytorch(),
  ...(await Promise.all(backends.map((name) => present(backendContestant(name), options.backends !== undefined)))),
].filter((contestant) => contestant !== undefined)
if (found.length === 0) stop('There is nothing to measure.')
const chosenFor = (network: NetworkName) =>
  found.filter(({ name }) => options.backends !== undefined || runsByDefault(name, network))

async function steps(): Promise<BenchReport['steps']> {
  const measured: Record<string, object> = {}
  for (const network of networks) {
    say(`Network ${network} …`)
    const { times, failures } = await measureSteps(network, chosenFor(network), rounds)
    measured[network] = Object.fromEntries(times)
    for (const [arm, { message }] of failures) leaveOut(false, `network ${network}, ${arm}: ${message}`)
  }
  return measured as BenchReport['steps']
}

async function memory(): Promise<BenchReport['memory']> {
  say('Memory …')
  return Object.fromEntries(await measureMemory(chosenFor('B')))
}

/** Of wasm, unless another backend is given: this project does not contain the source of TensorFlow's kernels. */
async function kernels(): Promise<readonly KernelTable[] | undefined> {
  const names = found.map(({ name }) => name).filter((name) => name !== PYTORCH)
  const backend = options.backends === undefined ? 'wasm' : names[0]
  if (backend === undefined || !names.includes(backend)) return undefined
  say(`Kernels of ${backend} …`)
  const [program, ...args] = nodeCommand('kernels.ts', backend, String(rounds))
  const { stdout } = await promisify(execFile)(program!, args, { maxBuffer: 1e8 })
  return (JSON.parse(stdout) as { tables: KernelTable[] }).tables
}

const measured = {
  steps: wants('steps') ? await steps() : undefined,
  memory: wants('memory') ? await memory() : undefined,
  kernels: wants('kernels') ? await kernels() : undefined,
}
const report: BenchReport = {
  schema: 1,
  measured: new Date().toISOString(),
  machine: {
    node: process.versions.node,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    system: `${process.platform}-${process.arch}`,
  },
  rounds,
  versions: Object.fromEntries(found.map(({ name }) => [name, versions[name]!])),
  leftOut,
  ...(Object.fromEntries(Object.entries(measured).filter(([, value]) => value !== undefined)) as Partial<BenchReport>),
}
if (options.output !== undefined) writeFileSync(options.output, `${JSON.stringify(report, null, 2)}\n`)
console.log(
  options.json ? JSON.stringify(report) : [provenance(report), ...tablesOf(report).map(plainText)].join('\n\n'),
)
