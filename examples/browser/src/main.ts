/** Gap Preserving Distillation in a page; README.md explains how to run it. */
import { take } from '@gpdjs/data'
import { drawChart } from './chart.ts'
import type { Epoch, Exam, Report, Request } from './messages.ts'
import { append, download, element, percent, showImages, showGuesses } from './page.ts'
import { shapes, TEST_IMAGES } from './shapes.ts'

const asked = new URLSearchParams(location.search)
const number = (name: string, standard: number) => Number(asked.get(name) ?? standard)
const [status, progress] = [element('status'), element<HTMLProgressElement>('progress')]
const [trainButton, stopButton, saveButton] = ['train', 'stop', 'save'].map((id) => element<HTMLButtonElement>(id)) as [
  HTMLButtonElement,
  HTMLButtonElement,
  HTMLButtonElement,
]

const test = shapes('test', TEST_IMAGES)
const SHOWN = 16
const epochs: Epoch[] = []

const worker = new Worker(new URL('./training.worker.ts', import.meta.url), { type: 'module' })
const ask = (request: Request) => worker.postMessage(request)
const say = (text: string) => void (status.textContent = text)

/** What can be pressed. */
function allow({ train = false, stop = false, save = false }): void {
  trainButton.disabled = !train
  stopButton.disabled = !stop
  saveButton.disabled = !save
}

/** The share of right guesses, of all test images. */
const accuracy = ({ guesses }: Exam) => guesses.filter((guess, i) => guess === test.labels[i]).length / guesses.length

function end({ outcome, steps, seconds, exam, files, tensorsLeft }: Extract<Report, { kind: 'end' }>): void {
  showGuesses(take(test, SHOWN), exam)
  const ended = { completed: 'Done', aborted: 'Stopped' }[outcome] ?? `Ended (${outcome})`
  say(
    `${ended} after ${steps} steps and ${seconds.toFixed(1)} s: ${percent(accuracy(exam))} of ${test.labels.length} test images right.`,
  )
  element('memory').textContent = `${tensorsLeft} tensors left in memory by this run.`
  saveButton.onclick = () => {
    download('student.json', new Blob([files.model], { type: 'application/json' }))
    download('student.weights.bin', new Blob([files.weights]))
  }
  allow({ train: true, save: true })
}

const on: { readonly [K in Report['kind']]: (report: Extract<Report, { kind: K }>) => void } = {
  ready({ reason }) {
    say(`Ready: ${reason}`)
    allow({ train: true })
  },
  begin: ({ totalSteps }) => void (progress.max = totalSteps),
  step({ step, loss }) {
    progress.value = step
    say(`Step ${step} of ${progress.max}, loss ${loss.toFixed(3)}`)
  },
  epoch(epoch) {
    epochs.push(epoch)
    const accuracies = [epoch.student, epoch.teacher].map(percent)
    append('epochs', [epoch.epoch, epoch.loss.toFixed(3), ...accuracies, Math.round(epoch.imagesPerSecond)])
    drawChart(epochs, number('epochs', 12))
  },
  end,
  failed({ message }) {
    say(message)
    allow({ train: true })
  },
}
worker.onmessage = ({ data }: MessageEvent<Report>) => on[data.kind](data as never)
worker.onerror = ({ message }) => on.failed({ kind: 'failed', message })

trainButton.onclick = () => {
  epochs.length = 0
  progress.value = 0
  element('memory').textContent = ''
  element('epochs').replaceChildren()
  drawChart(epochs, number('epochs', 12))
  showImages(take(test, SHOWN))
  say('Drawing images …')
  allow({ stop: true })
  ask({ kind: 'train', images: number('images', 1280), epochs: number('epochs', 12) })
}
stopButton.onclick = () => {
  allow({})
  say('Stopping after this step …')
  ask({ kind: 'stop' })
}

showImages(take(test, SHOWN))
drawChart(epochs, number('epochs', 12))
