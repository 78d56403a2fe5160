import { availableParallelism, totalmem } from 'node:os'
import { arch, platform, version } from 'node:process'
import { backendNames, useBackend, type BackendName } from '@gpdjs/backends'
import { isGpdError } from '@gpdjs/core'
import { runConformance } from '@gpdjs/backends/conformance'
import { EXIT } from '../exit.ts'
import { printJson, say, type Command, type CommandContext } from '../io.ts'
import { parseOptions } from '../options.ts'
import { smallRun } from './small-run.ts'

/** How one backend does on this machine. */
interface Diagnosis {
  readonly name: BackendName
  /** Absent where it does not work. */
  readonly version?: string
  readonly problem?: string
  /** Of a step of GPD on a very small network, 16 images of 12×12. */
  readonly millisecondsPerStep?: number
  readonly conformance?: { readonly passed: number; readonly cases: number; readonly failed: readonly string[] }
}

const STEPS = 4

/** Milliseconds of a training step; the first, which also allocates and compiles, is left out. */
async function timeStep(): Promise<number> {
  const steps = await smallRun(STEPS)
  return Math.min(...steps.slice(1).map(({ milliseconds }) => milliseconds))
}

async function diagnose(name: BackendName, withConformance: boolean): Promise<Diagnosis> {
  try {
    const { version } = await useBackend(name)
    const millisecondsPerStep = await timeStep()
    if (!withConformance) return { name, version, millisecondsPerStep }
    const { results } = await runConformance(name)
    const failed = results.filter(({ ok }) => !ok).map((result) => result.name)
    return {
      name,
      version,
      millisecondsPerStep,
      conformance: { passed: results.length - failed.length, cases: results.length, failed },
    }
  } catch (error) {
    if (!isGpdError(error)) throw error
    return { name, problem: error.message }
  }
}

function report(
  context: CommandContext,
  { name, version, problem, millisecondsPerStep, conformance }: Diagnosis,
): void {
  if (problem !== undefined) return say(context, `✗ ${name}: ${problem}`)
  const speed = `${millisecondsPerStep!.toFixed(0)} ms for a small GPD step`
  const cases = conformance ? `, ${conformance.passed} of ${conformance.cases} conformance cases` : ''
  say(context, `✓ ${name}: ${version}, ${speed}${cases}`)
  for (const failed of conformance?.failed ?? []) say(context, `    fails: ${failed}`)
}

export const doctor: Command = async (context) => {
  const values = parseOptions('doctor', context.args, {
    conformance: { type: 'boolean', default: false },
    json: { type: 'boolean' },
  })
  const machine = {
    node: version,
    platform,
    arch,
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  }
  say(
    context,
    `Node ${machine.node} on ${platform} ${arch}, ${machine.cores} cores, ${machine.memoryGiB} GiB of memory`,
  )
  const backends: Diagnosis[] = []
  for (const name of backendNames) {
    if (name === 'auto') continue
    const diagnosis = await diagnose(name, values.conformance)
    backends.push(diagnosis)
    report(context, diagnosis)
  }
  const auto = await useBackend('auto')
  say(context, `auto would choose ${auto.name}. ${auto.reason}`)
  const ok = backends.every(({ conformance }) => (conformance?.failed.length ?? 0) === 0)
  if (values.json) printJson(context, { ok, machine, backends, auto: auto.name })
  if (ok) return EXIT.ok
  say(context, 'A backend computes something wrong on this machine. Use another one, and report the cases above.')
  return EXIT.usage
}
