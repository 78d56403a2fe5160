/** Writes docs/backends.md: every conformance case on every backend that works here. Run: npm run docs:backends */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { backendNames, type BackendName } from '@gpdjs/backends'
import { isGpdError } from '@gpdjs/core'
import { defects, runConformance, type ConformanceResult, type Defect } from '@gpdjs/backends/conformance'
import { deviations } from './training-curve.ts'

interface Column {
  readonly backend: string
  /** Version, or why the backend did not run. */
  readonly note: string
  readonly results: ReadonlyMap<string, ConformanceResult> | undefined
}

async function columnOf(backend: BackendName): Promise<Column> {
  try {
    const { report, results } = await runConformance(backend)
    return { backend, note: report.version, results: new Map(results.map((result) => [result.name, result])) }
  } catch (error) {
    if (!isGpdError(error)) throw error
    return { backend, note: `skipped: ${error.message.split('\n')[0]}`, results: undefined }
  }
}

const columns: Column[] = []
for (const backend of backendNames) if (backend !== 'auto') columns.push(await columnOf(backend))
const ran = columns.filter(({ results }) => results !== undefined)
const cases = [...ran[0]!.results!.keys()]

const cell = ({ ok, refused, error }: ConformanceResult) => {
  if (refused === true && ok) return 'refused'
  return `${ok ? '✓' : '✗'} ${Number.isFinite(error) ? error.toExponential(0) : 'threw'}`
}
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const passed = ({ results }: Column) => [...results!.values()].filter(({ ok }) => ok).length

/** Kernels that one backend lacks, in one line. */
function merged(all: readonly Defect[]): readonly Defect[] {
  const lines = new Map<string, Defect>()
  for (const defect of all) {
    const key = JSON.stringify([defect.backend, defect.problem, defect.outcome, defect.instead])
    const before = lines.get(key)
    lines.set(
      key,
      before === undefined
        ? defect
        : { ...defect, what: `${before.what}, ${defect.what.replace(/^gradient of /, '')}` },
    )
  }
  return [...lines.values()]
}
const OUTCOMES: Readonly<Record<Defect['outcome'], string>> = {
  repaired: 'repaired',
  refused: 'refused; use',
  avoided: 'not used here; use',
}
const defectRow = ({ backend, what, problem, outcome, instead }: Defect) =>
  row([
    backend,
    what,
    problem,
    instead === undefined ? OUTCOMES[outcome].split(';')[0]! : `${OUTCOMES[outcome]} ${instead}`,
  ])

const curveRow = ({ name, equal, largest, last }: Awaited<ReturnType<typeof deviations>>['rows'][number]) =>
  row([`\`${name}\``, `${equal} steps`, largest.toExponential(0), last.toFixed(5)])
const curve = await deviations(ran.map(({ backend }) => backend).filter((name) => name !== 'cpu'))

const page = `# Backends

What each backend computes right, measured: every op and loss that the project uses, forward and backward. This page is
generated (\`npm run docs:backends\`); \`gpd doctor --conformance\` runs the same cases on your machine.

On \`cpu\` gradients are compared with central differences (limit 2e-3 of the gradient's norm); on every other backend
values and gradients are compared with \`cpu\` (limit 1e-5 of the largest number).

| Backend | Version | Cases passed |
| --- | --- | --- |
${columns.map((column) => row([`\`${column.backend}\``, column.note, column.results ? `${passed(column)} of ${cases.length}` : '–'])).join('\n')}

\`webgpu\` is chosen by name only, never by \`'auto'\`. Its tensors can be read asynchronously only (\`await tensor.data()\`).
In Node it needs the packages \`@tensorflow/tfjs-backend-webgpu\` and \`webgpu\` and a Vulkan driver. The numbers here are of an
adapter in software; no graphics card has been tried.

All numbers here are of Node. Tests run the same cases in Chromium on \`cpu\` and \`wasm\` with the same limits, and on \`webgpu\`
(an adapter in software) where \`GPD_CHROMIUM_WEBGPU=1\` asks for it: [examples/browser](../examples/browser/README.md). In a page
\`useBackend\` is told where the binary of \`wasm\` is served (\`wasmUrl\`). No other browser has been tried.

## A training run

The loss in ${curve.steps} steps of GPD with a small ResNet, compared with \`cpu\`: how many steps it is equal to 1e-5, the largest
relative difference, and the loss at the end. Rounding differs, and grows once it has changed the sign of an activation.

${row(['Backend', 'Equal for', 'Largest difference', 'Last loss'])}
${row(['---', '---', '---', '---'])}
${curve.rows.map(curveRow).join('\n')}

## Defects of TensorFlow.js 4.22, and what became of them

Each repair is tied to the version it was written for, refuses any other, and is tested to be still needed. "Refused" calls
throw a \`GpdError\` with the code \`backend.unsupported\` instead of returning wrong numbers. All this holds after
\`useBackend\` only. What only costs time is listed too.

${row(['Backend', 'Kernel', 'What is wrong', 'Here'])}
${row(['---', '---', '---', '---'])}
${merged(await defects())
  .map(defectRow)
  .join('\n')}

## Every case

The largest error.

${row(['Case', ...ran.map(({ backend }) => backend)])}
${row(['---', ...ran.map(() => '---')])}
${cases.map((name) => row([`\`${name.replaceAll('|', '\\|')}\``, ...ran.map(({ results }) => cell(results!.get(name)!))])).join('\n')}
`
writeFileSync(fileURLToPath(new URL('../docs/backends.md', import.meta.url)), page)
console.log(
  columns
    .map((column) => `${column.backend}: ${column.results ? `${passed(column)} of ${cases.length}` : column.note}`)
    .join('\n'),
)
