/** The example as it is used: its page in a frame, and clicks on its buttons. */
import * as tf from '@tensorflow/tfjs'
import { moments, type ImageSet } from '@gpdjs/data'
import { shapes, TEST_IMAGES } from '../shapes.ts'

const IMAGES = 640
const EPOCHS = 5

/** A picture of the page, its caption, and what the saved student says of it. */
export interface Shown {
  readonly caption: string
  readonly mark: string
  readonly pixels: readonly number[]
  readonly predicted: number
}

export interface ExampleReport {
  readonly ready: string
  /** How often another step was shown in the second run. */
  readonly steps: number
  /** The status and the line about memory after a run that was stopped, and after one that was not. */
  readonly stopped: readonly string[]
  readonly done: readonly string[]
  readonly epochs: readonly (readonly string[])[]
  readonly shown: readonly Shown[]
  readonly saved: readonly string[]
  /** The saved student on the whole test set: the share of right answers. */
  readonly accuracy: number
  /** Milliseconds of the longest task in which the page could neither draw nor hear. */
  readonly longestTask: number
}

async function until(what: string, isThere: () => boolean | undefined, limit = 120_000): Promise<void> {
  for (const end = performance.now() + limit; !isThere(); await new Promise((resolve) => setTimeout(resolve, 5))) {
    if (performance.now() > end) throw new Error(`${what} did not come`)
  }
}

/** Tasks of 50 ms and more, in this page and its frames. */
function longTasks(): { longest(): number } {
  const durations = [0]
  const observer = new PerformanceObserver((list) => durations.push(...list.getEntries().map((task) => task.duration)))
  observer.observe({ type: 'longtask' })
  return { longest: () => Math.max(...durations, ...observer.takeRecords().map((task) => task.duration)) }
}

/** What links that are clicked would download, by name: what a download is, but for the file. */
function downloads(page: Window & typeof globalThis): Map<string, Promise<Blob>> {
  const files = new Map<string, Promise<Blob>>()
  page.HTMLAnchorElement.prototype.click = function (this: HTMLAnchorElement) {
    files.set(
      this.download,
      fetch(this.href).then((response) => response.blob()),
    )
  }
  return files
}

async function loadStudent(files: ReadonlyMap<string, Promise<Blob>>): Promise<tf.LayersModel> {
  const list = await Promise.all([...files].map(async ([name, blob]) => new File([await blob], name)))
  return tf.loadLayersModel(tf.io.browserFiles(list))
}

/** The class that the student gives each image, by a way of its own: normalized here, one batch. */
function predict(student: tf.LayersModel, pixels: readonly number[], normal: ReturnType<typeof moments>): number[] {
  return tf.tidy(() => {
    const images = tf.reshape(tf.div(tf.tensor1d([...pixels]), 255), [-1, 20, 20, 1])
    const logits = student.predict(tf.div(tf.sub(images, normal.mean), normal.deviation)) as tf.Tensor
    return [...tf.argMax(logits, 1).dataSync()]
  })
}

const rightOf = ({ labels }: ImageSet, predicted: readonly number[]): number =>
  predicted.filter((label, i) => label === labels[i]).length / labels.length

function grayOf(canvas: HTMLCanvasElement): number[] {
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
  return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]!)
}

/** Stops a first run, ends a second one, saves its student, and looks at everything that is shown then. */
export async function example(): Promise<ExampleReport> {
  const tasks = longTasks()
  const src = `../../index.html?images=${IMAGES}&epochs=${EPOCHS}`
  const frame = Object.assign(document.createElement('iframe'), { src, width: 800, height: 900 })
  document.body.append(frame)
  const find = (selector: string) => frame.contentDocument?.querySelector<HTMLElement>(selector)
  const text = (selector: string) => find(selector)!.textContent
  const says = (start: string) => find('#status')?.textContent?.startsWith(start)
  const lines = () => [text('#status'), text('#memory')]

  await until('the page', () => says('Ready'))
  const ready = text('#status')
  find('#train')!.click()
  await until('a step', () => says('Step 3 '))
  find('#stop')!.click()
  await until('the end of a run that is stopped', () => says('Stopped'))
  const stopped = lines()

  find('#train')!.click()
  const steps = new Set<string>()
  await until('the end of training', () => {
    if (says('Step')) steps.add(text('#status'))
    return says('Done')
  })
  const longestTask = tasks.longest() // what follows works in this page
  const all = (selector: string) => Array.from(frame.contentDocument!.querySelectorAll<HTMLElement>(selector))
  const files = downloads(frame.contentWindow as Window & typeof globalThis)
  find('#save')!.click()
  await until('two files', () => files.size === 2)

  const student = await loadStudent(files)
  const [normal, test] = [moments(shapes('train', IMAGES)), shapes('test', TEST_IMAGES)]
  const figures = all('#predictions figure').map((figure) => ({
    caption: figure.textContent.trim(),
    mark: figure.querySelector('figcaption')!.className,
    pixels: grayOf(figure.querySelector('canvas')!),
  }))
  const predicted = predict(
    student,
    figures.flatMap(({ pixels }) => pixels),
    normal,
  )
  return {
    ready,
    stopped,
    steps: steps.size,
    done: lines(),
    epochs: all('#epochs tr').map((row) => Array.from(row.children, (cell) => cell.textContent)),
    shown: figures.map((figure, i) => ({ ...figure, predicted: predicted[i]! })),
    saved: [...files.keys()],
    accuracy: rightOf(test, predict(student, [...test.images], normal)),
    longestTask,
  }
}
