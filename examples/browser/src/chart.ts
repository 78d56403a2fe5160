import { element } from './page.ts'
import type { Epoch } from './messages.ts'

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [640, 200, 44, 24]
const LINES = ['student', 'teacher'] as const

const at = (share: number): number => HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - 10)

/** Accuracies by epoch: a line for the student and one for the dynamic teacher. */
export function drawChart(epochs: readonly Epoch[], total: number): void {
  const x = (epoch: number) => LEFT + ((epoch - 1) / Math.max(1, total - 1)) * (WIDTH - LEFT - 12)
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<line x1="${LEFT}" x2="${WIDTH}" y1="${at(share)}" y2="${at(share)}" class="grid" />` +
      `<text x="${LEFT - 8}" y="${at(share) + 4}" text-anchor="end">${100 * share} %</text>`,
  )
  const lines = LINES.map((who) => {
    const points = epochs.map((epoch) => [x(epoch.epoch), at(epoch[who])] as const)
    const dots = points.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" />`).join('')
    return `<g class="${who}"><polyline points="${points.map((point) => point.join()).join(' ')}" />${dots}</g>`
  })
  const ends = [1, total].map((epoch) => `<text x="${x(epoch)}" y="${HEIGHT - 6}" text-anchor="middle">${epoch}</text>`)
  element('chart').innerHTML = [...grid, ...ends, ...lines].join('')
}
