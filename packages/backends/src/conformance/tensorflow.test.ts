import { useBackend } from '../use-backend.ts'
import { agreesWithCpu } from '../testing/agrees-with-cpu.ts'

const problem = await useBackend('tensorflow').then(
  () => undefined,
  (error: Error) => error.message,
)
if (problem !== undefined) console.warn(`skipped: ${problem}`)

agreesWithCpu('tensorflow', { skip: problem !== undefined })
