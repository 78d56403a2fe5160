import { GpdError } from '@gpdjs/core/errors'
import { platformOf } from './platform.ts'
import { lastLines, ProgramMissing, runProgram, type ProgramResult } from './run-program.ts'

/** The Python that is used when none is named. */
export const DEFAULT_PYTHON = 'python3'

/** @throws GpdError `config.missing` if there is no such Python */
export async function runPython(python: string, args: readonly string[]): Promise<ProgramResult> {
  try {
    return await runProgram(python, args)
  } catch (cause) {
    if (!(cause instanceof ProgramMissing)) throw cause
    throw new GpdError(
      'config.missing',
      `native: expected Python as '${python}', found no such program.`,
      platformOf().installPython,
      { cause },
    )
  }
}

/** Python looks for modules in the working directory first, where any `tensorflow.py` or `pip/` may lie. */
const NOT_HERE = 'import sys; sys.path[:] = [path for path in sys.path if path]'

/** `python -m`, but for modules of that Python only. */
export const moduleCommand = (module: string, ...args: readonly string[]): readonly string[] => [
  '-c',
  `${NOT_HERE}; import runpy; runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)`,
  module,
  ...args,
]

/** Finds the module without importing it: an import takes seconds and may fail for reasons of its own. */
const FIND = `
${NOT_HERE}
import importlib.util
spec = importlib.util.find_spec('tensorflow')
print((list(spec.submodule_search_locations or []) or [''])[0] if spec else '')
`

/** The TensorFlow folder of a Python, or undefined if it has none. */
export async function tensorflowOfPython(python: string): Promise<string | undefined> {
  const result = await runPython(python, ['-c', FIND])
  if (result.status !== 0) {
    throw new GpdError(
      'config.invalid',
      `native: expected ${python} to run, it ended with status ${result.status}:\n${lastLines(result)}\n`,
      'Name a Python 3 with --python.',
    )
  }
  return result.stdout.trim() || undefined
}
