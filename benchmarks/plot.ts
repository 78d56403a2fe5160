/** One line of a plot. */
export interface Series {
  readonly label: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

const [WIDTH, HEIGHT] = [640, 360]
const MARGIN = { left: 70, right: 20, top: 40, bottom: 50 }
const COLORS = ['#0b6e4f', '#c0622f', '#3b5ba5', '#8a3b7c']

/** A round number of about a fifth of the range: 1, 2 or 5 times a power of ten. */
function tickStep(range: number): number {
  const power = 10 ** Math.floor(Math.log10(range / 5))
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => range / step <= 6)!
}

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** A line plot as an SVG that reads well on light and dark pages. The vertical axis starts at zero. */
export function plot(title: string, xLabel: string, yLabel: string, series: readonly Series[]): string {
  const xs = series.flatMap(({ points }) => points.map(([x]) => x))
  const top = Math.max(...series.flatMap(({ points }) => points.map(([, y]) => y)))
  const [least, most] = [Math.min(...xs), Math.max(...xs)]
  const step = tickStep(top)
  const ceiling = Math.ceil(top / step) * step
  const inner = { width: WIDTH - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom }
  const across = (x: number) => MARGIN.left + ((x - least) / (most - least)) * inner.width
  const down = (y: number) => MARGIN.top + (1 - y / ceiling) * inner.height

  const rows = Array.from({ length: Math.round(ceiling / step) + 1 }, (_, i) => i * step)
  const grid = rows.map(
    (y) =>
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${down(y)}" y2="${down(y)}" stroke="#ddd"/><text x="${MARGIN.left - 8}" y="${down(y) + 4}" text-anchor="end">${y}</text>`,
  )
  const ticks = [...new Set(xs)].map(
    (x) => `<text x="${across(x)}" y="${HEIGHT - MARGIN.bottom + 20}" text-anchor="middle">${x}</text>`,
  )
  const lines = series.map(({ label, points }, i) => {
    const color = COLORS[i % COLORS.length]!
    const path = points.map(([x, y]) => `${across(x).toFixed(1)},${down(y).toFixed(1)}`).join(' ')
    const dash = i === 0 ? '' : ' stroke-dasharray="6 4"'
    const dots =
      i === 0
        ? points
            .map(([x, y]) => `<circle cx="${across(x).toFixed(1)}" cy="${down(y).toFixed(1)}" r="4" fill="${color}"/>`)
            .join('')
        : ''
    const legend = `<text x="${MARGIN.left + 12}" y="${MARGIN.top + 16 + 18 * i}" fill="${color}">${i === 0 ? '●' : '╌'} ${escape(label)}</text>`
    return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"${dash}/>${dots}${legend}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="13" fill="#333">
<rect width="100%" height="100%" fill="white"/>
<text x="${WIDTH / 2}" y="22" text-anchor="middle" font-size="16" font-weight="600">${escape(title)}</text>
${grid.join('\n')}
${ticks.join('\n')}
<text x="${WIDTH / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escape(xLabel)}</text>
<text transform="translate(18 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escape(yLabel)}</text>
${lines.join('\n')}
</svg>
`
}
