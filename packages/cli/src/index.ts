export { progressBar, type ProgressOptions } from './progress/progress-bar.ts'
export type { ProgressStream } from './progress/terminal.ts'
