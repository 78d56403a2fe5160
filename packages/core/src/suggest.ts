/** Names come from files too: comparing all pairs of long ones would take hours. */
const LONGEST = 100
const MOST_COMPARED = 1000
const MOST_LISTED = 100

/** Number of insertions, deletions, substitutions and swaps of neighbors that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2]![j - 2]! + 1)
      row.push(best)
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}

/** `val` for `validation`. */
const isAbbreviation = (name: string, candidate: string): boolean =>
  name.length >= 3 && candidate.toLowerCase().startsWith(name.toLowerCase())

/**
 * The known names nearest to a mistyped or abbreviated one, best first; empty if none is near. Names of more than 100 characters
 * are near to none, and of the known ones the first 1000 are compared.
 *
 * @example nearest('lerningRate', ['learningRate', 'momentum']) // ['learningRate']
 */
export function nearest(name: string, known: readonly string[], most = 3): string[] {
  if (name.length > LONGEST) return []
  return known
    .slice(0, MOST_COMPARED)
    .filter((candidate) => candidate.length <= LONGEST)
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) =>
        distance <= Math.max(1, Math.floor(Math.max(name.length, candidate.length) / 3)) ||
        isAbbreviation(name, candidate),
    )
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, most)
    .map(({ candidate }) => candidate)
}

/** A name as messages have room for it. */
export const shortened = (name: string): string => (name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name)

/** The second sentence of an error about an unknown name: a suggestion if one is near, and what is known, the first hundred. */
export function didYouMean(name: string, known: readonly string[]): string {
  const [first] = nearest(name, known, 1)
  const listed = [...known].sort().slice(0, MOST_LISTED).map(shortened)
  const more = known.length > MOST_LISTED ? `, and ${known.length - MOST_LISTED} more` : ''
  const list = `Known: ${listed.join(', ')}${more}.`
  return first === undefined ? list : `Did you mean '${first}'? ${list}`
}
