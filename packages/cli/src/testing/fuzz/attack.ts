import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** What is wrong with the reading of one damaged file, by its number. */
export interface Fault {
  readonly file: number
  readonly problem: string
}

export interface Tally {
  files: number
  /** Of them those that were read without an error, as damage may leave a file that is right. */
  accepted: number
}

const program = fileURLToPath(new URL('fuzz-process.ts', import.meta.url))
/** After so long without a sign the process hangs. */
const SILENCE = 30_000

interface Part extends Tally {
  /** The file at which the process ended, if it did not come to the end. */
  readonly stuck?: number
  readonly faults: Fault[]
}

/** Reads the damaged files `from` … `to` − 1 in a process, as far as it comes. */
async function attackPart(subject: string, from: number, to: number): Promise<Part> {
  const flags = ['--conditions=@gpdjs/source', '--import', 'tsx', program]
  const child = spawn(process.execPath, [...flags, subject, String(from), String(to)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaints = ''
  child.stderr.on('data', (data: Buffer) => void (complaints = `${complaints}${String(data)}`.slice(-2000)))
  const faults: Fault[] = []
  let [at, ended, tally] = [from, '', undefined as Tally | undefined]
  const ends = new Promise<void>((done) => child.on('close', () => done()))
  const hangs = () => {
    ended = `hang: no sign of it for ${SILENCE / 1000} s`
    child.kill('SIGKILL')
  }
  let watchdog = setTimeout(hangs, 2 * SILENCE)
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(watchdog)
    watchdog = setTimeout(hangs, SILENCE)
    if (line.startsWith('at ')) at = Number(line.slice(3))
    else if (line.startsWith('{"file":')) faults.push(JSON.parse(line) as Fault)
    else tally = JSON.parse(line) as Tally
  }
  await ends
  clearTimeout(watchdog)
  if (tally) return { ...tally, faults }
  faults.push({ file: at, problem: ended || `the process ended: ${complaints}` })
  return { files: at - from + 1, accepted: 0, faults, stuck: at }
}

/**
 * Reads so many damaged files of a subject.
 *
 * @returns how many were read and accepted, and every crash, leak, hang, and use of too much time or memory
 */
export async function attack(subject: string, files: number): Promise<Tally & { readonly faults: readonly Fault[] }> {
  const total = { files: 0, accepted: 0, faults: [] as Fault[] }
  for (let from = 0; from < files;) {
    const part = await attackPart(subject, from, files)
    total.files += part.files
    total.accepted += part.accepted
    total.faults.push(...part.faults)
    from = part.stuck === undefined ? files : part.stuck + 1
  }
  return total
}
