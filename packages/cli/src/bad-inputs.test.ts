/** What users get wrong: each has its exit status and one clear message, and leaves nothing behind. */
import { cp, readdir, readFile, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mnistFiles, writeIdx } from '@gpdjs/data/node'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ConfigInput } from './config/schema.ts'
import { run } from './testing/run.ts'
import { temporaryFolder, tinyConfig, writeConfig, writeTinyImages } from './testing/tiny-images.ts'

const folder = await temporaryFolder()
const at = (...path: string[]) => join(folder, ...path)
const { train, test } = mnistFiles

interface Expected {
  readonly status: number
  readonly code: string
  readonly message: RegExp
}

/** Trains with these arguments; expects one message, one JSON object, the status, and no file that was not there. */
async function expectRefusal(args: readonly string[], { status, code, message }: Expected): Promise<void> {
  const before = (await readdir(folder, { recursive: true })).sort()
  const result = await run(['train', ...args, '--output', at('out'), '--json'])
  const said = result.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Backend: '))
  expect(said).toHaveLength(1)
  expect(said[0]).toMatch(message)
  expect(said[0]).toMatch(/^gpd( train)?: (?!gpd)/)
  expect(JSON.parse(result.stdout)).toMatchObject({ schema: 1, ok: false, error: { code } })
  expect(result.status).toBe(status)
  expect((await readdir(folder, { recursive: true })).sort()).toEqual(before)
}

const config = (name: string, value: object) => writeConfig(folder, `${name}.json`, value)

beforeAll(async () => {
  await writeTinyImages(at('images'))
  await writeTinyImages(at('four-classes'), { classes: 4 })
  await writeTinyImages(at('larger'), { size: 10 })
  await config('tiny', tinyConfig)
  const teacher = async (name: string, change: object) => {
    const path = await config(name, { ...tinyConfig, ...change })
    expect((await run(['train', '--config', path, '--output', at(`${name}-run`), '--max-steps', '1'])).status).toBe(0)
  }
  await teacher('other-classes', { data: { ...tinyConfig.data, directory: 'four-classes', classes: 4 } })
  await teacher('other-size', { data: { ...tinyConfig.data, directory: 'larger' } })
  await teacher('good', {})
})

describe('a wrong configuration', () => {
  it.each<[change: object, message: RegExp, code?: string]>([
    [{ epoch: 3 }, /epoch: no such key\. Did you mean 'epochs'\?/, 'config.unknown-key'],
    [
      { student: { network: 'resnet8', widht: 2 } },
      /student\.widht: no such key\. Did you mean 'width'\?/,
      'config.unknown-key',
    ],
    [{ student: { network: 'resnt8' } }, /student\.network: .*'resnt8'\. Did you mean 'resnet8'\?/],
    [{ dynamicTeacher: { ratio: 0 } }, /dynamicTeacher\.ratio: expected a whole number of at least 1, got 0/],
    [{ dynamicTeacher: { ratio: 2.5 } }, /dynamicTeacher\.ratio: expected a whole number of at least 1, got 2\.5/],
    [{ dynamicTeacher: { ratio: '2' } }, /dynamicTeacher\.ratio: expected a whole number of at least 1, got "2"/],
    [{ dynamicTeacher: { branches: { branches: 9 } } }, /dynamicTeacher\.branches\.branches: .* 1 to 6, got 9/],
    [
      { dynamicTeacher: { loss: { name: 'kd', temperture: 1 } } },
      /dynamicTeacher\.loss: .*'temperture'\. Did you mean 'temperature'\?/,
      'config.unknown-key',
    ],
    [{ backend: 'webgpuu' }, /Unknown backend 'webgpuu'/, 'backend.unknown'],
    [{ batchSize: 100 }, /48 training samples make no step .* 100/],
    [
      { data: { ...tinyConfig.data, validation: 64 } },
      /data\.validation: expected fewer than all 64 training images, got 64/,
    ],
    [{ optimizer: { name: 'adamw', nesterov: true } }, /optimizer\.nesterov: 'adamw' has no such option/],
  ] satisfies [Partial<ConfigInput> | object, RegExp, string?][])(
    '%j',
    async (change, message, code = 'config.invalid') => {
      await expectRefusal(['--config', await config('wrong', { ...tinyConfig, ...change })], {
        status: 2,
        code,
        message,
      })
    },
  )

  it.each([
    [
      ['--config', 'tiny', '--set', 'epochs=many'],
      /epochs: expected a whole number of at least 1, got "many"/,
      'config.invalid',
    ],
    [['--config', 'tiny', '--set', 'epochs'], /--set: expected key=value/, 'config.invalid'],
    [['--config', 'tiny', '--seed', 'x'], /--seed: expected a whole number/, 'config.invalid'],
    [
      ['--config', 'tiny', '--max-steps', '0'],
      /--max-steps: expected a whole number of at least 1, got '0'/,
      'config.invalid',
    ],
    [['--config', 'tiny', '--backend', 'gpu'], /Unknown backend 'gpu'/, 'backend.unknown'],
    [
      ['--config', 'tiny', '--max-step', '1'],
      /no option '--max-step'\. Did you mean '--max-steps'\?/,
      'config.unknown-key',
    ],
    [['--config', 'nowhere'], /Cannot read the configuration '.*nowhere\.json'/, 'config.missing'],
    [[], /Expected --config FILE/, 'config.missing'],
  ])('%j', async (args, message, code) => {
    const paths = args.map((arg) => (/^(tiny|nowhere)$/.test(arg) ? at(`${arg}.json`) : arg))
    await expectRefusal(paths, { status: 2, code, message })
  })
})

describe('wrong data', () => {
  const cases: readonly [
    name: string,
    spoil: (data: string) => Promise<unknown>,
    status: number,
    code: string,
    message: RegExp,
  ][] = [
    ['no folder', async () => undefined, 3, 'data.missing', /expected train-images-idx3-ubyte/],
    [
      'a missing file',
      (data) => unlink(join(data, test.labels)),
      3,
      'data.missing',
      /expected t10k-labels-idx1-ubyte or/,
    ],
    [
      'a truncated file',
      (data) => truncate(join(data, train.images), 1000),
      3,
      'data.corrupt',
      /expected 4112 bytes .*found 1000/,
    ],
    ['a truncated header', (data) => truncate(join(data, train.images), 6), 3, 'data.corrupt', /complete IDX header/],
    ['an empty file', (data) => truncate(join(data, train.labels), 0), 3, 'data.corrupt', /found 0 bytes/],
    [
      'a file of another kind',
      (data) => writeFile(join(data, train.images), '<html>Not found</html>'),
      3,
      'data.corrupt',
      /expected an IDX file/,
    ],
    [
      'fewer labels',
      (data) => writeIdx(join(data, train.labels), { dims: [60], data: new Uint8Array(60) }),
      3,
      'data.mismatch',
      /expected 64 labels/,
    ],
    [
      'a label out of range',
      (data) => writeIdx(join(data, test.labels), { dims: [24], data: new Uint8Array(24).fill(3, 5, 6) }),
      3,
      'data.label-range',
      /expected labels 0 … 2, got 3 at index 5/,
    ],
    [
      'images and labels swapped',
      async (data) => writeFile(join(data, train.images), await readFile(join(data, train.labels))),
      3,
      'data.corrupt',
      /Do not swap images and labels/,
    ],
  ]

  it.each(cases)('%s', async (name, spoil, status, code, message) => {
    const directory = `data-${name.replaceAll(' ', '-')}`
    if (name !== 'no folder') await cp(at('images'), at(directory), { recursive: true })
    await spoil(at(directory))
    const path = await config('spoiled', { ...tinyConfig, data: { ...tinyConfig.data, directory } })
    await expectRefusal(['--config', path], { status, code, message })
  })
})

describe('wrong weights', () => {
  const teacher = (weights: string) => ({ ...tinyConfig, teacher: { weights } })

  it.each<[name: string, change: object, expected: Expected]>([
    [
      'a teacher of other classes',
      teacher('other-classes-run/student'),
      { status: 2, code: 'config.invalid', message: /teacher\.weights: the teacher has 4 classes, the student 3/ },
    ],
    [
      'a teacher of other images',
      teacher('other-size-run/student'),
      { status: 2, code: 'config.invalid', message: /teacher\.weights: the teacher takes images of \[10, 10, 1\]/ },
    ],
    ['no teacher', teacher('nowhere'), { status: 4, code: 'checkpoint.missing', message: /Cannot read '.*nowhere/ }],
    [
      'weights of another student',
      { ...tinyConfig, student: { network: 'resnet8', width: 4, weights: 'good-run/student' } },
      {
        status: 4,
        code: 'checkpoint.incompatible',
        message: /student\.weights: expected weights of 'resnet8-w4' with conv1\.weight/,
      },
    ],
  ])('%s', async (_, value, expected) => {
    await expectRefusal(['--config', await config('wrong-weights', value)], expected)
  })

  it('a weight file that was damaged', async () => {
    await cp(at('good-run/student'), at('damaged'), { recursive: true })
    await truncate(at('damaged/weights.safetensors'), 500)
    const path = await config('damaged', teacher('damaged'))
    await expectRefusal(['--config', path], {
      status: 4,
      code: 'checkpoint.corrupt',
      message: /damaged\/weights\.safetensors/,
    })
  })
})

describe('a wrong place for the output', () => {
  it.each([
    ['a folder with files in it', 'images', /expected an empty folder, found files in it/],
    ['a file', 'tiny.json', /expected a folder, found a file/],
    ['under a file', 'tiny.json/run', /ENOTDIR/],
  ])('%s', async (_, output, message) => {
    const before = await readdir(folder, { recursive: true })
    const { status, stderr } = await run(['train', '--config', at('tiny.json'), '--output', at(output)])
    expect(stderr).toMatch(message)
    expect(status).toBe(2)
    expect(await readdir(folder, { recursive: true })).toEqual(before)
  })
})

describe('the program itself', () => {
  it.each([
    [['trian'], 2, /There is no command 'trian'\. Did you mean 'train'\?/],
    [['constructor'], 2, /There is no command 'constructor'/],
    [['--config', 'x'], 2, /There is no command '--config'/],
  ])('%j', async (args, status, message) => {
    const result = await run(args)
    expect(result.stderr).toMatch(message)
    expect(result).toMatchObject({ status, stdout: '' })
  })

  it('shows where an error comes from only if it is asked to', async () => {
    const args = ['train', '--config', at('nowhere.json')]
    const stack = /\n {4}at /
    expect((await run(args)).stderr).not.toMatch(stack)
    expect((await run([...args, '--verbose'])).stderr).toMatch(stack)
    expect((await run(args, { env: { DEBUG: '1' } })).stderr).toMatch(stack)
  })

  it('admits a bug in one line, and says how to get more', async () => {
    const written: string[] = []
    const stderr = { write: (text: string) => void (text.startsWith('Backend: ') || written.push(text)) }
    // A signal that breaks stands for any unexpected error.
    let asked = 0
    const signal = {
      get aborted() {
        if (asked++ === 0) throw new TypeError('x is undefined')
        return false
      },
      throwIfAborted: () => void signal.aborted,
    } as AbortSignal
    const { status, stdout } = await run(['train', '--config', at('tiny.json'), '--json'], { stderr, signal })
    expect(status).toBe(1)
    expect(written).toEqual([
      'gpd: This should not have happened: x is undefined. Run again with --verbose to see where. [bug]\n',
    ])
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'bug' } })
  })
})
