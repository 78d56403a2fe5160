import { useBackend } from '../use-backend.ts'
import { agreesWithCpu } from '../testing/agrees-with-cpu.ts'

const problem = await useBackend('webgpu').then(
  () => undefined,
  (error: Error) => error.message,
)
if (problem !== undefined) console.warn(`skipped: ${problem}`)

agreesWithCpu('webgpu', { skip: problem !== undefined })
