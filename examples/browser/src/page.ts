import { countImages, imageBytes, type ImageSet } from '@gpdjs/data'
import type { Exam } from './messages.ts'
import { SHAPES } from './shapes.ts'

export function element<E extends HTMLElement>(id: string): E {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`index.html has no element '${id}'`)
  return found as E
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

/** One more row of a table. */
export function append(table: string, cells: readonly (string | number)[]): void {
  const row = document.createElement('tr')
  for (const cell of cells) row.insertCell().textContent = String(cell)
  element(table).append(row)
}

/** Offers a file, as a click on a link to it would. */
export function download(name: string, content: Blob): void {
  const link = Object.assign(document.createElement('a'), { download: name, href: URL.createObjectURL(content) })
  link.click()
  // The browser reads it after this.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

/** One gray image of a set. */
function canvasOf(set: ImageSet, index: number): HTMLCanvasElement {
  const [height, width] = set.shape
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  const bytes = imageBytes(set.shape)
  const gray = set.images.subarray(index * bytes, (index + 1) * bytes)
  const pixels = Uint8ClampedArray.from([...gray].flatMap((value) => [value, value, value, 255]))
  canvas.getContext('2d')!.putImageData(new ImageData(pixels, width, height), 0, 0)
  return canvas
}

/** The images of a set, each with a caption, in place of those that were shown before. */
function showFigures(set: ImageSet, captionOf: (index: number) => HTMLElement): void {
  const figures = Array.from({ length: countImages(set) }, (_, i) => {
    const figure = document.createElement('figure')
    figure.append(canvasOf(set, i), captionOf(i))
    return figure
  })
  element('predictions').replaceChildren(...figures)
}

const caption = (text: string, more: Partial<HTMLElement> = {}): HTMLElement =>
  Object.assign(document.createElement('figcaption'), { textContent: text, ...more })

/** Images that nobody has looked at yet. */
export const showImages = (set: ImageSet): void => showFigures(set, () => caption('?'))

/** Images with what the student took them for; wrong guesses say what is right. */
export function showGuesses(set: ImageSet, { guesses, certainties }: Exam): void {
  showFigures(set, (i) => {
    const [guess, label] = [SHAPES[guesses[i]!]!, SHAPES[set.labels[i]!]!]
    const title = `${percent(certainties[i]!)} sure`
    if (guess === label) return caption(guess, { className: 'right', title })
    return caption(`${guess} (a ${label})`, { className: 'wrong', title })
  })
}
