import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson } from './strict-json.ts'

const nested = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels)

describe('parseJson', () => {
  it('reads what JSON.parse reads, if no key stands twice', () => {
    fc.assert(fc.property(fc.json(), (text) => void expect(parseJson(text)).toEqual(JSON.parse(text))))
  })

  it('sees the end of texts with quotes, backslashes and brackets in them', () => {
    const value = { 'a"': ['\\', '{"b":1,"b":2}', '\\"'], '\\': { '},': 1 }, b: [{ b: [] }, { b: {} }], c: 'b' }
    expect(parseJson(JSON.stringify(value))).toEqual(value)
  })

  it.each([
    ['{"a": 1, "a": 1}', "the key 'a' twice"],
    ['{"a": 1, "\\u0061": 1}', "the key 'a' twice"],
    ['[{"a": {"b": 1, "c": [1], "b": {}}}]', "the key 'b' twice"],
    ['{"__proto__": 1, "__pr\\u006fto__": 2}', "the key '__proto__' twice"],
    [nested(201, '[', ']'), 'more than 200'],
    [nested(100_000, '{"a":', '}').replace('}', '1}'), 'more than 200'],
    ['{"a": 1,}', 'JSON'],
    ['', 'JSON'],
  ])('refuses %.40s', (text, says) => {
    expect(() => parseJson(text)).toThrow(SyntaxError)
    expect(() => parseJson(text)).toThrow(says)
  })

  it('allows equal keys in different objects, and 200 levels', () => {
    expect(parseJson('{"a": {"a": {"a": 1}}, "b": [{"c": 1}, {"c": 2}]}')).toBeTruthy()
    expect(parseJson(nested(200, '[', ']'))).toBeTruthy()
  })
})
