export { readIdx, type ReadIdxOptions } from './node/read-idx.ts'
export { writeIdx } from './node/write-idx.ts'
export { mnistFiles, readMnistFolder, type MnistFolderOptions } from './node/read-mnist-folder.ts'
