import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { fillOptions, GpdError, kinds, needed, option, type Filled, type Given } from '@gpdjs/core'
import { corrupt, type IdxArray } from '../idx/header.ts'
import { checkImageSet, type ImageSet, type ImageShape } from '../images/image-set.ts'
import { readIdx, READ_IDX_OPTIONS } from './read-idx.ts'

const OPTIONS = {
  ...READ_IDX_OPTIONS,
  /** What messages call the data set, such as `'mnist'` */
  name: needed(kinds.text),
  /** Number of different labels (default 10) */
  classes: option(kinds.count, 10),
}

export type MnistFolderOptions = Given<typeof OPTIONS>

/** The usual four file names; each may end in `.gz`. */
export const mnistFiles = {
  train: { images: 'train-images-idx3-ubyte', labels: 'train-labels-idx1-ubyte' },
  test: { images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte' },
} as const

/** The path of a file, plain or gzip, the plain one first. */
async function locate(folder: string, file: string): Promise<string> {
  for (const name of [file, `${file}.gz`]) {
    const path = join(folder, name)
    const exists = await access(path).then(
      () => true,
      () => false,
    )
    if (exists) return path
  }
  const problem = `${folder}: expected ${file} or ${file}.gz, found neither.`
  throw new GpdError('data.missing', problem, 'Put the four files of the data set into this folder.')
}

/** Images have the sizes [N, height, width], or [N, height, width, channels]. */
function imageShape({ dims }: IdxArray, path: string): ImageShape {
  const [, height, width, channels = 1] = dims
  if (height !== undefined && width !== undefined) return [height, width, channels]
  throw corrupt(path, 'images of 3 or 4 dimensions', `[${dims.join(', ')}]`, 'Do not swap images and labels.')
}

type Part = keyof typeof mnistFiles

async function readPart(folder: string, part: Part, options: Filled<typeof OPTIONS>): Promise<ImageSet> {
  const { name, classes, ...reading } = options
  const files = mnistFiles[part]
  const [imagePath, labelPath] = [await locate(folder, files.images), await locate(folder, files.labels)]
  const [images, labels] = [await readIdx(imagePath, reading), await readIdx(labelPath, reading)]
  const shape = imageShape(images, imagePath)
  if (labels.dims.length !== 1) {
    throw corrupt(labelPath, 'labels of 1 dimension', `[${labels.dims.join(', ')}]`, 'Do not swap images and labels.')
  }
  if (images.dims[0] !== labels.dims[0]) {
    const problem = `${labelPath}: expected ${images.dims[0]} labels, as many as images in ${imagePath}, found ${labels.dims[0]}.`
    throw new GpdError('data.mismatch', problem, 'Take all four files from the same source.')
  }
  return checkImageSet({ images: images.data, labels: labels.data, shape, classes, name: `${name}/${part}` })
}

/**
 * Reads a data set in the form of MNIST: four IDX files with the usual names, each plain or gzip.
 *
 * @throws GpdError `data.missing`, `data.corrupt`, `data.mismatch` (images and labels) or `data.label-range`, naming the file
 * @example const { train, test } = await readMnistFolder('fashion-mnist', { name: 'fashion-mnist', classes: 10 })
 */
export async function readMnistFolder(
  folder: string,
  options: MnistFolderOptions,
): Promise<{ train: ImageSet; test: ImageSet }> {
  const filled = fillOptions('readMnistFolder', OPTIONS, options)
  return { train: await readPart(folder, 'train', filled), test: await readPart(folder, 'test', filled) }
}
