/** Deeper than any file of ours; whoever walks a value by recursion may rely on it. */
const DEEPEST = 200

/** The index behind the text that begins at `start`, in valid JSON. */
function endOfText(json: string, start: number): number {
  let at = start + 1
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at + 1
}

/** The scopes that are open at a place in JSON: the keys so far of an object, nothing for a list. */
class Scopes {
  readonly #open: (Set<string> | undefined)[] = []
  /** Whether the next text is a key. */
  #awaitsKey = false

  punctuation(character: string): void {
    if (character === '}' || character === ']') this.#open.pop()
    else if (character !== ',') this.#open.push(character === '{' ? new Set() : undefined)
    this.#awaitsKey = character === '{' || (character === ',' && this.#open.at(-1) !== undefined)
    if (this.#open.length > DEEPEST) throw new SyntaxError(`more than ${DEEPEST} objects and lists in one another`)
  }

  text(spelled: () => string): void {
    if (!this.#awaitsKey) return
    this.#awaitsKey = false
    const keys = this.#open.at(-1)!
    const key = JSON.parse(spelled()) as string
    if (keys.has(key)) throw new SyntaxError(`the key '${key.slice(0, 80)}' twice in one object`)
    keys.add(key)
  }
}

/** @param json valid */
function checkKeys(json: string): void {
  const scopes = new Scopes()
  for (let at = 0; at < json.length;) {
    const character = json[at]!
    const end = character === '"' ? endOfText(json, at) : at + 1
    if (character === '"') scopes.text(() => json.slice(at, end))
    else if ('{}[],'.includes(character)) scopes.punctuation(character)
    at = end
  }
}

/**
 * JSON of a file that others may have written: `JSON.parse` keeps the last of two equal keys without a word.
 *
 * @returns the value; `__proto__` in it is a key like any other, so readers look at own keys only
 * @throws SyntaxError for what is no JSON, a key twice in one object, and more than 200 levels
 * @example parseJson('{ "a": 1, "a": 2 }') // SyntaxError: the key 'a' twice in one object
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  checkKeys(text)
  return value
}
