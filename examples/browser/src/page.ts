import { imageBytes, type ImageSet } from '@gpdjs/data'

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

/** One gray image of a set, with a caption. */
export function showImage(parent: string, set: ImageSet, index: number, caption: string, right: boolean): void {
  const [height, width] = set.shape
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  const bytes = imageBytes(set.shape)
  const gray = set.images.subarray(index * bytes, (index + 1) * bytes)
  const pixels = Uint8ClampedArray.from([...gray].flatMap((value) => [value, value, value, 255]))
  canvas.getContext('2d')!.putImageData(new ImageData(pixels, width, height), 0, 0)
  const figure = document.createElement('figure')
  const label = document.createElement('figcaption')
  label.textContent = caption
  label.className = right ? 'right' : 'wrong'
  figure.append(canvas, label)
  element(parent).append(figure)
}
