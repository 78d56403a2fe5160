/** Writes docs/backends.md: every conformance case on every backend that works here. Run: npm run docs:backends */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { backendNames, isGpdError, type BackendName } from '@gpdjs/core'
import { runConformance, type ConformanceResult } from '@gpdjs/core/conformance'

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

const cell = (result: ConformanceResult) =>
  `${result.ok ? '✓' : '✗'} ${Number.isFinite(result.error) ? result.error.toExponential(0) : 'threw'}`
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const passed = ({ results }: Column) => [...results!.values()].filter(({ ok }) => ok).length

const page = `# Backends

What each backend computes right, measured: every op and loss that the project uses, forward and backward. This page is
generated (\`npm run docs:backends\`); \`gpd doctor --conformance\` runs the same cases on your machine.

On \`cpu\` gradients are compared with central differences (limit 2e-3 of the gradient's norm); on every other backend
values and gradients are compared with \`cpu\` (limit 1e-5 of the largest number).

| Backend | Version | Cases passed |
| --- | --- | --- |
${columns.map((column) => row([`\`${column.backend}\``, column.note, column.results ? `${passed(column)} of ${cases.length}` : '–'])).join('\n')}

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
