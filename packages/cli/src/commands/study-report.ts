import { EXIT } from '../exit.ts'
import { printJson, say, type CommandContext } from '../io.ts'
import { resumeStudyCommand } from '../resume-command.ts'
import { RUN, writeJson } from '../run-folder.ts'
import { attempt } from './save-networks.ts'
import { failureOf } from './study-failure.ts'
import type { ArmResult } from './study-result.ts'
import { studyTable } from './study-table.ts'

interface StudyReport {
  readonly output: string
  readonly baseline: string
  readonly interrupted: boolean
  readonly json: boolean
}

const missingOf = (arms: readonly ArmResult[]) => arms.flatMap(({ trials }) => trials.flatMap(({ missing }) => missing))

/** What a study came to. @param lost files of the study itself that could not be written */
function resultOf(arms: readonly ArmResult[], lost: readonly string[], { output, baseline, interrupted }: StudyReport) {
  const missing = [...new Set([...missingOf(arms), ...lost])]
  const failure = failureOf(arms, { interrupted, output, missing })
  if (failure === undefined)
    return { status: EXIT.ok, error: undefined, json: { ok: true, folder: output, missing, baseline, arms } }
  const { status, ...error } = failure
  return { status, error, json: { ok: false, error, folder: output, missing, baseline, arms } }
}

/** Writes the result of a study and says it. Returns the exit status. */
export async function reportStudy(
  context: CommandContext,
  arms: readonly ArmResult[],
  report: StudyReport,
): Promise<number> {
  const { output, baseline } = report
  const whole = resultOf(arms, [], report)
  const lost = await attempt(RUN.result, () => writeJson(output, RUN.result, { schema: 1, ...whole.json }))
  const { status, error, json } = lost.length === 0 ? whole : resultOf(arms, [RUN.result], report)
  if (report.json) printJson(context, json)
  else context.stdout.write(`${studyTable(arms, baseline)}\n`)
  if (error) say(context, `gpd: ${[error.message, error.fix].filter(Boolean).join(' ')} [${error.code}]`)
  say(context, `Saved in ${output}${report.interrupted ? `; to go on: ${resumeStudyCommand(output)}` : ''}`)
  return status
}
