import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { unpackNpmPackage, type PinnedPackage } from './npm-package.ts'

/** The headers of Node-API alone, published by the Node.js project; used where Node was installed without its own. */
const HEADERS_PACKAGE: PinnedPackage = {
  source: 'node-api-headers@1.9.0',
  integrity: 'sha512-2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA==',
}

/** Node's own headers lie beside its binary: `<prefix>/bin/node`, `<prefix>/include/node`. */
const ownHeaders = (execPath: string) => join(dirname(dirname(execPath)), 'include', 'node')

/**
 * A folder with `node_api.h`.
 *
 * @param folder where the headers are put if Node came without
 * @throws GpdError `backend.missing` if they must be fetched and cannot be
 */
export async function nodeHeaders(folder: string, execPath = process.execPath): Promise<string> {
  const own = ownHeaders(execPath)
  if (existsSync(join(own, 'node_api.h'))) return own
  await unpackNpmPackage(HEADERS_PACKAGE, folder)
  return join(folder, 'include')
}
