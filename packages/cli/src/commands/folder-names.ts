const LONGEST = 80
/** Names that Windows keeps for devices. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)$/i

/** Letters and digits of any script stay, everything else becomes a hyphen: `no branches` → `no-branches`. */
function readable(name: string): string {
  const words = name.normalize('NFC').replace(/[^\p{L}\p{M}\p{N}._]+/gu, '-')
  const plain = [...words]
    .slice(0, LONGEST)
    .join('')
    .replace(/^[-.]+|[-.]+$/g, '')
  return plain === '' || DEVICE.test(plain) ? `arm${plain && `-${plain}`}` : plain
}

/**
 * A folder name for each of several names: readable, allowed on every system, inside its parent (`..` is none), and
 * different from the others where upper and lower case are the same too.
 */
export function folderNames(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>()
  const result = new Map<string, string>()
  for (const name of names) {
    const base = readable(name)
    let free = base
    for (let count = 2; taken.has(free.toLowerCase()); count++) free = `${base}-${count}`
    taken.add(free.toLowerCase())
    result.set(name, free)
  }
  return result
}
