import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { GpdError } from '@gpdjs/core/errors'
import { TFJS_VERSION } from '@gpdjs/core/tfjs-version'
import { checkAddon } from './check-addon.ts'
import { compileAddon } from './compile-addon.ts'
import { useLink, writeLink, type Link } from './current-link.ts'
import { findTensorflow, type TensorflowChoice } from './find-tensorflow.ts'
import type { NativeFolders } from '@gpdjs/backends/native'
import { checkGpu } from './gpu.ts'
import { writeLoaderFiles } from './loader-files.ts'
import { nodeHeaders } from './node-headers.ts'
import { unpackArchive, unpackNpmPackage, type PinnedPackage } from './npm-package.ts'
import { buildOwnOperations } from './own-operations.ts'
import { fillFolder } from './staging-folder.ts'

const TFJS_NODE: PinnedPackage = {
  source: `@tensorflow/tfjs-node@${TFJS_VERSION}`,
  integrity: 'sha512-uHrXeUlfgkMxTZqHkESSV7zSdKdV0LlsBeblqkuKU9nnfxB1pC6DtoyYVaLxznzZy7WQSegjcohxxCjAf6Dc7w==',
}

export interface LinkOptions extends Omit<TensorflowChoice, 'wheels'> {
  readonly gpu?: boolean
  /** An archive of tfjs-node that `npm pack` made, instead of fetching one. */
  readonly tfjsNode?: string | undefined
  /** Called with one line for each step. */
  readonly report?: (line: string) => void
}

/**
 * Builds the binding of TensorFlow.js against a TensorFlow that is there, tries it, and puts it in use. What was in use
 * before stays in use until then, and if anything fails.
 *
 * @throws GpdError saying what is missing, too old or does not fit, and how to get what is needed
 */
export async function linkTensorflow(
  folders: NativeFolders,
  { gpu = false, tfjsNode, report = () => {}, ...choice }: LinkOptions,
): Promise<{ folder: string; link: Link }> {
  const tensorflow = await findTensorflow({ ...choice, wheels: folders.wheels })
  if (gpu) checkGpu(tensorflow)
  report(`TensorFlow ${tensorflow.version} in ${tensorflow.folder}`)
  const platform = `${process.platform}-${process.arch}`
  const { folder, result: link } = await fillFolder(folders.links, async (staging) => {
    const sources = join(staging, 'tfjs-node')
    await (tfjsNode === undefined ? unpackNpmPackage(TFJS_NODE, sources) : unpackArchive(tfjsNode, sources))
    report('Building the binding…')
    const addon = join(staging, 'tfjs_binding.node')
    const headers = join(staging, 'node-headers')
    const compilation = { nodeHeaders: await nodeHeaders(headers), tensorflow }
    await compileAddon({
      ...compilation,
      name: 'the binding',
      sources: join(staging, 'tfjs-node', 'binding'),
      output: addon,
    })
    const found = await checkAddon(addon)
    if (gpu && !found.gpu) {
      throw new GpdError(
        'backend.unsupported',
        `native: expected TensorFlow ${found.version} to use the GPU, it uses the CPU.`,
        'Check that nvidia-smi lists it and that the CUDA packages of this TensorFlow are installed, or leave --gpu out.',
      )
    }
    const operations = gpu ? undefined : await buildOwnOperations(staging, compilation, report)
    await rm(headers, { recursive: true, force: true })
    await writeLoaderFiles(staging)
    const link: Link = {
      tensorflow: { version: found.version, folder: tensorflow.folder },
      tfjsNode: TFJS_VERSION,
      platform,
      gpu: found.gpu,
      built: new Date().toISOString(),
      ...(operations && { operations }),
    }
    await writeLink(staging, link)
    return {
      name: `tf${found.version}-tfjs${TFJS_VERSION}-${platform}-${randomBytes(4).toString('hex')}`,
      result: link,
    }
  })
  await useLink(folders, folder)
  return { folder, link }
}
