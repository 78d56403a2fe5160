import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where everything of `gpd native` lives; nothing outside of it is ever written. */
export interface NativeFolders {
  readonly root: string
  /** Wheels that `gpd native install` fetched, one folder per version. */
  readonly wheels: string
  /** Builds of the binding, one folder each. */
  readonly links: string
  /** `{ "folder": "links/…" }`: which build is in use. `gpd native link` writes it, the `tensorflow` backend reads it. */
  readonly current: string
}

/** `$GPD_CACHE/native`, or `~/.cache/gpd/native`. */
export function nativeFolders(env: Readonly<Record<string, string | undefined>> = process.env): NativeFolders {
  const root = join(env['GPD_CACHE'] || join(homedir(), '.cache', 'gpd'), 'native')
  return { root, wheels: join(root, 'tensorflow'), links: join(root, 'links'), current: join(root, 'current.json') }
}
