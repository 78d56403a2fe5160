import { describe, expect, it } from 'vitest'
import { parseFolderAndOptions, parseOptions, wholeNumber } from './options.ts'

const OPTIONS = {
  config: { type: 'string' },
  set: { type: 'string', multiple: true },
  'dry-run': { type: 'boolean' },
} as const

describe('a command line', () => {
  it('is parsed', () => {
    expect(parseOptions('train', ['--config', 'a', '--set', 'x=1', '--set=y=2', '--dry-run'], OPTIONS)).toEqual({
      config: 'a',
      set: ['x=1', 'y=2'],
      'dry-run': true,
    })
    expect(parseFolderAndOptions('extract', ['runs/1', '--config=b'], OPTIONS)).toMatchObject({
      folder: 'runs/1',
      values: { config: 'b' },
    })
  })

  it.each([
    [['--confg', 'a'], /gpd train: there is no option '--confg'\. Did you mean '--config'\?/],
    [['--config', 'a', '--dry-rn'], /no option '--dry-rn'\. Did you mean '--dry-run'\?/],
    [['-x'], /there is no option '-x'\. Known: --config, --dry-run, --set\./],
    [['--config'], /'--config <value>' argument missing\. See gpd train --help\./],
    [['--dry-run=yes'], /'--dry-run' does not take an argument\. See gpd train --help\./],
    [['gpd.yaml'], /expected options only, got 'gpd\.yaml'\. See gpd train --help\./],
  ])('%j is refused', (args, message) => {
    expect(() => parseOptions('train', args, OPTIONS)).toThrow(message)
  })

  it.each([[[]], [['a', 'b']]])('needs one folder where it takes one: %j', (args) => {
    expect(() => parseFolderAndOptions('extract', args, OPTIONS)).toThrow(`expected one folder, got ${args.length}.`)
  })

  it.each(['1.5', 'x', '', '-1', '1e99', 'Infinity'])('%j is no whole number', (text) => {
    expect(() => wholeNumber('--seed', text)).toThrow(`--seed: expected a whole number of at least 0, got '${text}'.`)
  })

  it('has whole numbers', () => {
    expect(wholeNumber('--seed', '0')).toBe(0)
    expect(wholeNumber('--max-steps', '12', 1)).toBe(12)
  })
})
