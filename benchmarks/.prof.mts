import * as tf from '@tensorflow/tfjs'
import { useBackend } from '@gpdjs/core'
import { arm, PLUGINS } from './arms.ts'
await useBackend('tensorflow')
const b = (tf.backend() as any).binding
const [name, kind, n = '6', detail] = process.argv.slice(2) as any
const step = arm(name, (PLUGINS as any)[kind])
await step(); await step()
const acc = new Map<string, [number, number]>()
let create = [0, 0], del = [0,0]
const exec = b.executeOp
const tm = (tf.backend() as any).tensorMap
const T = { ...b }
const proxy = new Proxy({}, { get(t, k) {
  if (k === 'executeOp') return (op: string, attrs: any, ids: any, no: number) => {
    const s = performance.now(); const r = exec.call(b, op, attrs, ids, no); const e = performance.now() - s
    const key = detail && op.match(detail) ? op + ' ' + JSON.stringify(attrs.filter((a:any)=>/stride|perm|pad|trans/.test(a.name)).map((a:any)=>a.value)) + r.map((x: any) => JSON.stringify(x.shape))[0] : op
    const a = acc.get(key) ?? [0, 0]; a[0] += e; a[1]++; acc.set(key, a); return r }
  if (k === 'createTensor') return (...args: any[]) => { const s = performance.now(); const r = (b as any).createTensor(...args); create[0] += performance.now() - s; create[1]++; return r }
  if (k === 'deleteTensor') return (...args: any[]) => { const s = performance.now(); const r = (b as any).deleteTensor(...args); del[0] += performance.now() - s; del[1]++; return r }
  return (b as any)[k] } })
;(tf.backend() as any).binding = proxy
const r0 = process.resourceUsage()
let total = 0
const times = []
for (let i = 0; i < Number(n); i++) { const t = await step(); times.push(t); total += t }
const rows = [...acc].map(([k, [t, c]]) => ({ op: k, ms: +(t / +n).toFixed(2), calls: c / +n, us: +(1000 * t / c).toFixed(1) })).sort((x, y) => y.ms - x.ms)
console.log(name, kind, 'step', (total / +n).toFixed(1), 'min', Math.min(...times).toFixed(1), 'ops', rows.reduce((s, r) => s + r.ms, 0).toFixed(1), 'calls', rows.reduce((s, r) => s + r.calls, 0), 'create', (create[0] / +n).toFixed(2), create[1] / +n, 'delete', (del[0]/+n).toFixed(2), del[1]/+n)
const r1 = process.resourceUsage()
console.log('per step: faults', (r1.minorPageFault - r0.minorPageFault) / +n, 'user ms', ((r1.userCPUTime - r0.userCPUTime) / 1e3 / +n).toFixed(1), 'sys ms', ((r1.systemCPUTime - r0.systemCPUTime) / 1e3 / +n).toFixed(1), 'ctx', (r1.involuntaryContextSwitches - r0.involuntaryContextSwitches) / +n, 'rss', (process.memoryUsage().rss/1e6).toFixed(0))
if (process.env.TABLE) console.table(rows.slice(0, 28))
