/** Exit status by what went wrong: the part of an error code before the dot. Documented in docs/cli.md. */
export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  data: 3,
  checkpoint: 4,
  diverged: 5,
  resources: 6,
  locked: 7,
  hungUp: 129,
  interrupted: 130,
  quit: 131,
  terminated: 143,
} as const
