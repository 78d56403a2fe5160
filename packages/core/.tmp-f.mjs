import tf from '@tensorflow/tfjs'
import { useBackend } from './src/backends/use-backend.ts'
import '@tensorflow/tfjs-backend-wasm'
await tf.setBackend('wasm')
const stock = tf.getKernel('Conv2D','wasm').kernelFunc
await useBackend('wasm')
const B=tf.backend()
const R=[]
for (const [H,C,K,k] of [[32,16,16,3],[16,32,32,3],[8,64,64,3],[16,64,64,1],[32,32,32,3],[8,128,128,3]]) {
  const x=tf.randomNormal([64,H,H,C]), w=tf.randomNormal([k,k,C,K]); const fl=2*64*H*H*k*k*C*K/1e6
  const attrs={strides:1,pad:'same',dataFormat:'NHWC',dilations:1}
  const mine=tf.getKernel('Conv2D','wasm').kernelFunc
  const t=[[],[]]
  for(let i=0;i<15;i++) for (const [j,f] of [stock,mine].entries()) { const s=performance.now(); const o=f({inputs:{x,filter:w},attrs,backend:B}); t[j].push(performance.now()-s); B.disposeData(o.dataId) }
  const [a,b]=t.map(v=>v.sort((p,q)=>p-q)[4])
  R.push(`${H}/${C}/${k}: stock ${(fl/a).toFixed(1)} ours ${(fl/b).toFixed(1)}`)
  tf.dispose([x,w])
}
console.log(process.argv[2], R.join(' | '))
