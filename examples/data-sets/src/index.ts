export { fashionMnistChecksums, fashionMnistClasses, prepareFashionMnist } from './fashion-mnist.ts'
export { mnistChecksums, prepareMnist } from './mnist.ts'
