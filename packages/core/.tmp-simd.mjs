import tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { assemble } from './src/kernels/wasm/simd/assembler.ts'
import { filterGradientTap } from './src/kernels/wasm/simd/filter-gradient.ts'
await tf.setBackend('wasm')
const B = tf.backend(), memory = B.wasm.asm.memory
const bytes = assemble([filterGradientTap])
const inst = (await WebAssembly.instantiate(bytes, { env: { memory } })).instance.exports
function dw(x, dy, k, s, budget) {
  const [N,H,W,C]=x.shape, [,OH,OW,K]=dy.shape
  const pt=(k-1)>>1
  const out = B.makeOutput([k,k,C,K],'float32'); B.typedArrayFromHeap(out).fill(0)
  const xp=B.getMemoryOffset(x.dataId), dp=B.getMemoryOffset(dy.dataId), op=B.getMemoryOffset(out.dataId)
  const R=Math.max(1,Math.min(OH,Math.floor(budget/((C+K)*OW*4))))
  for(let n=0;n<N;n++) for(let r0=0;r0<OH;r0+=R) for(let i=0;i<k;i++) {
    const a=Math.max(r0, Math.ceil((pt-i)/s)), b=Math.min(r0+R, OH, Math.floor((H-1+pt-i)/s)+1); if(b<=a) continue
    for(let j=0;j<k;j++){ const c=Math.max(0,Math.ceil((pt-j)/s)), d=Math.min(OW, Math.floor((W-1+pt-j)/s)+1); if(d<=c) continue
      inst.filterGradientTap(xp+(((n*H+a*s+i-pt)*W)+c*s+j-pt)*C*4, dp+((n*OH+a)*OW+c)*K*4, op+(i*k+j)*C*K*4, b-a, d-c, s*C*4, (s*W-(d-c)*s)*C*4, K*4, (OW-(d-c))*K*4, C, K)
    }}
  return out
}
for (const [H,C,K,S] of [[32,16,16,1],[16,32,32,1],[8,64,64,1],[32,3,16,1],[32,16,32,2],[4,128,128,1]]) {
  const N=64,OH=Math.ceil(H/S)
  const x=tf.randomNormal([N,H,H,C]), dy=tf.randomNormal([N,OH,OH,K]), w=tf.randomNormal([3,3,C,K])
  const med=(f)=>{const t=[];for(let i=0;i<12;i++){const s=performance.now();f();t.push(performance.now()-s)}return t.sort((a,b)=>a-b)[5]}
  const fl=2*N*OH*OH*9*C*K/1e6
  const m=med(()=>tf.tidy(()=>tf.conv2d(x,w,S,'same')))
  console.log(H,C,K,S,'fwd',m.toFixed(2),(fl/m).toFixed(1))
  for(const budget of [4096,8192,16384,32768,65536,262144]){ const t=med(()=>{const o=dw(x,dy,3,S,budget);B.disposeData(o.dataId)}); console.log('   dw',budget,t.toFixed(2),(fl/t).toFixed(1)) }
  if (S===1){ const o=dw(x,dy,3,S,16384); const mine=B.readSync(o.dataId)
    await tf.setBackend('cpu'); const xc=tf.tensor(x.dataSync().slice(0,2*H*H*C),[2,H,H,C]), dc=tf.tensor(dy.dataSync().slice(0,2*OH*OH*K),[2,OH,OH,K])
    const ref=tf.engine().runKernel('Conv2DBackpropFilter',{x:xc,dy:dc},{strides:[S,S],pad:'same',dataFormat:'NHWC',filterShape:[3,3,C,K]}).dataSync()
    await tf.setBackend('wasm'); const x2=tf.tensor(xc.dataSync(),xc.shape), d2=tf.tensor(dc.dataSync(),dc.shape); const o2=B.readSync(dw(x2,d2,3,S,16384).dataId)
    let e=0; for(let i=0;i<ref.length;i++) e=Math.max(e,Math.abs(ref[i]-o2[i])); console.log('   maxerr',e) }
}
