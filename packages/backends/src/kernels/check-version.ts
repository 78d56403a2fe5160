import { GpdError, TFJS_VERSION } from '@gpdjs/core'

/**
 * What stands here uses internals of a package, so it refuses a version that it was not written for.
 *
 * @param subject what is to be repaired, for the message
 * @param name of the npm package
 * @throws GpdError `backend.unsupported` for another version than `TFJS_VERSION`
 */
export function checkVersion(subject: string, name: string, version: string): void {
  if (version === TFJS_VERSION) return
  throw new GpdError(
    'backend.unsupported',
    `${subject}: expected ${name} ${TFJS_VERSION}, found ${version}.`,
    `Install it: npm install ${name}@${TFJS_VERSION}.`,
  )
}
