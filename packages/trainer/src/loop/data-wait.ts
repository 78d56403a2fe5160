import { nextTurn } from '../next-turn.ts'

/**
 * Prepares something while a device may still be busy with `pending`, and measures how long the device waited for it.
 *
 * A backend that computes in this thread has finished when the preparation begins: all of it is waiting. One that
 * computes beside this thread waits only if it has finished when the preparation ends; then all of it counts too,
 * which is the most it can have been.
 *
 * @returns milliseconds
 */
export async function waitedFor(pending: Promise<unknown>, prepare: () => void): Promise<number> {
  let finished = false
  const settle = () => void (finished = true)
  pending.then(settle, settle)
  const began = performance.now()
  prepare()
  const took = performance.now() - began
  await nextTurn()
  return finished ? took : 0
}
