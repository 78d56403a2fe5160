import type { TrainInfo } from '@gpdjs/trainer'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { progressBar, type ProgressOptions } from './progress-bar.ts'
import { canRedraw, clock, bar, type ProgressStream } from './terminal.ts'

const info: TrainInfo = {
  epochs: 2,
  stepsPerEpoch: 50,
  totalSteps: 100,
  batchSize: 8,
  actors: ['student', 'dynamic-teacher'],
  losses: ['cross-entropy(student)'],
  notes: [],
}
const stepLogs = { 'cross-entropy(student)': 1.23456, loss: 2, acc: 0.5, 'samples-per-second': 321.4 }
const epochLogs = { ...stepLogs, val_acc: 0.5, 'val_acc/dynamic-teacher': 0.75, 'val_gap/dynamic-teacher': 0.25 }

/** Two epochs of steps of 10 ms, on a stream of this kind. */
async function show(stream: Partial<ProgressStream>, options: ProgressOptions): Promise<string[]> {
  const writes: string[] = []
  const callbacks = progressBar({ ...stream, write: (text) => writes.push(text) }, options)
  await callbacks.onTrainBegin!(info, {} as never)
  for (let step = 1; step <= 100; step++) {
    vi.advanceTimersByTime(10)
    await callbacks.onBatchEnd!(step, stepLogs)
    if (step % 50 === 0) await callbacks.onEpochEnd!(step / 50 - 1, epochLogs)
  }
  await callbacks.onTrainEnd!({})
  return writes
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

describe('progress on a terminal', () => {
  it('redraws one line at most ten times a second', async () => {
    const writes = await show({ columns: 200 }, { redraw: true, title: 'resnet8' })
    // One second of training: ten drawings, two epochs, and the line is cleared at the end.
    expect(writes).toHaveLength(10 + 2 + 1)
    expect(writes.every((text) => text.startsWith('\r\u001b[2K'))).toBe(true)
    expect(writes[0]).toContain(
      'resnet8  ██────────────────── 10/100  0:01 left  321 images/s  cross-entropy(student) 1.235',
    )
    expect(writes.at(-1)).toBe('\r\u001b[2K')
  })

  it('shows both accuracies and the gap once they are known', async () => {
    const writes = await show({ columns: 200 }, { redraw: true })
    const accuracies = 'student 50.0 %  dynamic-teacher 75.0 %  gap +25.0'
    expect(writes.slice(0, 5).join()).not.toContain('gap')
    expect(writes[5]).toContain(`epoch 1/2  loss 2.000  ${accuracies}  321 images/s  0:01\n`)
    expect(writes[6]).toContain(accuracies)
  })

  it('takes a terminal that does not know its width for one of 80 columns', async () => {
    const [first] = await show(
      { columns: 0 },
      { redraw: true, title: 'a name as long as this one that leaves no room for the losses' },
    )
    expect(first).toHaveLength('\r\u001b[2K'.length + 79)
  })

  it('never wraps, however narrow the terminal is or becomes', async () => {
    const widths = [20, 33, 7, 1]
    const stream = {
      get columns() {
        return widths[0] ?? 80
      },
    }
    for (; widths.length > 0; widths.shift()) {
      const lines = (await show(stream, { redraw: true })).filter((text) => !text.endsWith('\n'))
      const longest = Math.max(...lines.map((text) => text.length - '\r\u001b[2K'.length))
      expect(longest).toBeLessThanOrEqual(widths[0]!)
    }
  })
})

describe('progress elsewhere', () => {
  it('is one plain line for each epoch, without control codes', async () => {
    const writes = await show({ columns: 20 }, { redraw: false })
    expect(writes).toEqual([
      'epoch 1/2  loss 2.000  student 50.0 %  dynamic-teacher 75.0 %  gap +25.0  321 images/s  0:01\n',
      'epoch 2/2  loss 2.000  student 50.0 %  dynamic-teacher 75.0 %  gap +25.0  321 images/s  0:01\n',
    ])
  })

  it('also says where it is now and then, if epochs are long', async () => {
    const writes = await show({}, { redraw: false, interval: 400 })
    expect(writes[0]).toBe('40/100  0:01 left  321 images/s  cross-entropy(student) 1.235\n')
    expect(writes).toHaveLength(4)
  })
})

describe('a stream', () => {
  const write = () => true

  it.each([
    [{ isTTY: true, write }, {}, true],
    [{ isTTY: true, write }, { TERM: 'dumb' }, false],
    [{ isTTY: true, write }, { CI: 'true' }, false],
    [{ isTTY: false, write }, {}, false],
    [{ write }, { TERM: 'xterm' }, false],
  ])('%j with %j: lines are redrawn: %s', (stream, env, expected) => {
    expect(canRedraw(stream, env)).toBe(expected)
  })

  it('shows times and shares', () => {
    expect([clock(5), clock(65), clock(3725), clock(-1)]).toEqual(['0:05', '1:05', '1:02:05', '0:00'])
    expect([bar(0, 4), bar(0.5, 4), bar(2, 4)]).toEqual(['────', '██──', '████'])
  })
})
