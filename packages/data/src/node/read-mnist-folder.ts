import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { GpdError } from '@gpdjs/core'
import { corrupt, type IdxArray } from '../idx/header.ts'
import { checkImageSet, type ImageSet, type ImageShape } from '../images/image-set.ts'
import { readIdx, type ReadIdxOptions } from './read-idx.ts'

export interface MnistFolderOptions extends ReadIdxOptions {
  /** What messages call the data set, such as `'mnist'` */
  readonly name: string
  /** Number of different labels (default 10) */
  readonly classes?: number
}

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

async function readPart(folder: string, part: keyof typeof mnistFiles, options: MnistFolderOptions): Promise<ImageSet> {
  const { name, classes = 10 } = options
  const files = mnistFiles[part]
  const [imagePath, labelPath] = [await locate(folder, files.images), await locate(folder, files.labels)]
  const [images, labels] = [await readIdx(imagePath, options), await readIdx(labelPath, options)]
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
  return { train: await readPart(folder, 'train', options), test: await readPart(folder, 'test', options) }
}
