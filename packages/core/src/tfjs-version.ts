/**
 * The release of TensorFlow.js, and of every package of it, that this project is written for: it reads the tape of its
 * engine and replaces kernels and gradients, so it refuses any other. The peer dependencies of all packages accept only
 * this release.
 */
export const TFJS_VERSION = '4.22.0'
