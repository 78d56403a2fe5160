/**
 * Writes docs/performance.md and its plots: how the cost of a step grows with the ratio, the number of branches, the
 * width and the batch, beside what arithmetic alone would make of it; with a report of `npm run bench` also that.
 *
 *     npm run docs:performance -- [--bench FILE] [--rounds 7] [--backend auto] [--output docs]
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { useBackend, type BackendChoice } from '@gpdjs/backends'
import { describeNetwork } from './networks.ts'
import { plot, type Series } from './plot.ts'
import { pageTables, provenance, type BenchReport } from './report.ts'
import { BASE, matMulPeak, PEAK_SIZE, sweep, VARIATIONS, type Point } from './sweep.ts'
import { markdown } from './table.ts'

const { values: options } = parseArgs({
  options: {
    bench: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    backend: { type: 'string', default: 'auto' },
    output: { type: 'string', default: fileURLToPath(new URL('../docs/', import.meta.url)) },
  },
})

const bench = options.bench === undefined ? undefined : (JSON.parse(readFileSync(options.bench, 'utf8')) as BenchReport)
const rounds = Number(options.rounds)
const backend = await useBackend(options.backend as BackendChoice)
const peak = await matMulPeak()

// The student alone is measured with the ratios, which are compared with it.
const [plain, ...byRatio] = await sweep([...VARIATIONS.plain, ...VARIATIONS.ratio], rounds)
const byBranches = await sweep(VARIATIONS.branches, rounds)
const byWidth = await sweep(VARIATIONS.width, rounds)
const byBatch = await sweep(VARIATIONS.batch, rounds)

/** What the counted operations would take at the speed of a large matMul, in milliseconds. */
const floor = ({ flops }: Point) => (1000 * flops) / peak

interface Line {
  readonly label: string
  readonly milliseconds: (point: Point) => number
}

interface Section {
  readonly name: string
  readonly title: string
  /** What the values of x are. */
  readonly head: string
  readonly text: string
  readonly points: readonly Point[]
  /** Beside measured times and floor. */
  readonly others?: readonly Line[]
}

const branched = byBranches.filter(({ x }) => x > 0).map(({ milliseconds }) => milliseconds)
const slowest = Math.max(...branched) / Math.min(...branched)

const sections: readonly Section[] = [
  {
    name: 'ratio',
    title: 'Expansion ratio',
    head: 'ratio r',
    text: 'A step runs the student and a dynamic teacher with `r²` times its multiply-adds: `1 + r²` plain steps.',
    points: byRatio,
    others: [{ label: '(1 + r²) plain steps', milliseconds: ({ x }) => plain!.milliseconds * (1 + x ** 2) }],
  },
  {
    name: 'branches',
    title: 'Branches',
    head: 'branches M (0: one kernel)',
    text: `Merging costs the same whatever the batch, so it shows on small batches and wide layers only. Of M = 1 … 6 the slowest takes ${((slowest - 1) * 100).toFixed(0)} % longer than the fastest.`,
    points: byBranches,
  },
  {
    name: 'width',
    title: 'Width',
    head: 'channels of the first stage',
    text: 'Operations grow with the square of the width.',
    points: byWidth,
  },
  { name: 'batch', title: 'Batch', head: 'images', text: 'Operations grow with the batch.', points: byBatch },
]

const lines = ({ others = [] }: Section): Line[] => [
  { label: 'measured', milliseconds: ({ milliseconds }) => milliseconds },
  { label: 'arithmetic floor', milliseconds: floor },
  ...others,
]

const seriesOf = (section: Section): Series[] =>
  lines(section).map(({ label, milliseconds }) => ({
    label,
    points: section.points.map((point) => [point.x, milliseconds(point)] as const),
  }))

const sectionText = (section: Section): string =>
  [
    `## ${section.title}`,
    section.text,
    markdown({
      head: [section.head, ...section.points.map(({ x }) => String(x))],
      rows: [
        ...lines(section).map(({ label, milliseconds }) => [
          `${label}, ms`,
          ...section.points.map((point) => milliseconds(point).toFixed(0)),
        ]),
        ['GFLOP', ...section.points.map(({ flops }) => (flops / 1e9).toFixed(1))],
      ],
    }),
    `![Step time by ${section.head}](plots/${section.name}.svg)`,
  ].join('\n\n')

const benchText = (report: BenchReport): string =>
  [
    '## Beside PyTorch',
    `Measured by \`npm run bench\`: ${provenance(report)}.`,
    ...pageTables(report).flatMap((table) => [`### ${table.title}`, markdown(table)]),
    ...(report.leftOut.length > 0 ? ['Left out:', report.leftOut.map((line) => `- ${line}`).join('\n')] : []),
  ].join('\n\n')

const page = `# Performance

Measured by \`npm run docs:performance\` on \`${backend.name}\` (${backend.version}), ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}; medians of
${rounds} interleaved steps. The student is a ${describeNetwork(BASE)}. GPD means: a static teacher's DKD from
cached logits, a dynamic teacher with six OREPA branches, SGD with momentum, clipping.

A plain student step takes ${plain!.milliseconds.toFixed(0)} ms and ${(plain!.flops / 1e9).toFixed(1)} GFLOP. The arithmetic floor is what the operations of a step would
take at the speed of a ${PEAK_SIZE}³ matMul on the same backend, ${(peak / 1e9).toFixed(0)} GFLOP/s. Counted are the products and convolutions that run, forward and
backward, by their definitions. Minimal filtering gets along with fewer multiplications, so that steps of large networks may
take less than this floor.

Where the time goes, kernel by kernel: \`npm run profile\`. Against PyTorch, memory, kernels: \`npm run bench\`.

${sections.map(sectionText).join('\n\n')}
${bench === undefined ? '' : `\n${benchText(bench)}\n`}`

mkdirSync(join(options.output, 'plots'), { recursive: true })
for (const section of sections) {
  const svg = plot(`Step time by ${section.head}`, section.head, 'milliseconds per step', seriesOf(section))
  writeFileSync(join(options.output, 'plots', `${section.name}.svg`), svg)
}
const style = await resolveConfig(fileURLToPath(import.meta.url))
writeFileSync(join(options.output, 'performance.md'), await format(page, { ...style, parser: 'markdown' }))
