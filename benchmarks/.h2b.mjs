import * as tf0 from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
const tf = tf0.default ?? tf0
await tf.setBackend('wasm'); await tf.ready()
function bench(name, flops, f, n=20){ for(let i=0;i<3;i++) tf.tidy(()=>{f()}); const t=[]; for(let i=0;i<n;i++){const s=performance.now(); tf.tidy(()=>{f()}); t.push(performance.now()-s)} t.sort((a,b)=>a-b); const ms=t[n>>1]; console.log(name.padEnd(50), ms.toFixed(3).padStart(9),'ms', (flops/ms/1e6).toFixed(2).padStart(8),'GFLOP/s') }
const R=(s)=>tf.randomUniform(s,-1,1)
console.log(Object.keys(tf.backend().wasm).slice(0,60).join(' '), tf.backend().wasm.asm?.memory)
for (const [H,C,K,S,k] of [[28,8,8,1,3],[14,16,16,1,3],[7,32,32,1,3],[28,16,16,1,3],[7,64,64,1,3],[28,8,16,2,3],[14,16,32,2,3],[28,1,8,1,3],[28,8,16,2,1]]) {
  const x=R([64,H,H,C]), w=R([k,k,C,K]); const O=Math.ceil(H/S)
  const fl=2*64*O*O*k*k*C*K
  bench(`conv ${H} ${C}->${K} s${S} k${k}`, fl, ()=>tf.conv2d(x,w,S,'same'))
  const dy=R([64,O,O,K])
  const total=Math.max(0,(O-1)*S+k-H), pt=total>>1, pb=total-pt
  const crop = (O-1)*S+k-H
  bench(`  dW by conv`, fl, ()=>{
    const xt=tf.transpose(x,[3,1,2,0]), dt=tf.transpose(dy,[1,2,0,3]);
    const o=tf.conv2d(xt,dt,1,[[0,0],[pt,pb],[pt,pb],[0,0]],'NHWC',[S,S]);
    return tf.transpose(o,[1,2,0,3])})
  const xt=tf.transpose(x,[3,1,2,0]), dt=tf.transpose(dy,[1,2,0,3]);
  bench(`    conv only`, fl, ()=>tf.conv2d(xt,tf.clone(dt),1,[[0,0],[pt,pb],[pt,pb],[0,0]],'NHWC',[S,S]))
  bench(`    x transposed`, fl, ()=>tf.transpose(x,[3,1,2,0]))
  bench(`    dy transposed HWNC (bytes)`, dy.size*4, ()=>tf.transpose(dy,[1,2,0,3]))
  bench(`    dy CHWN (bytes)`, dy.size*4, ()=>tf.transpose(dy,[3,1,2,0]))
  bench(`  vmulcaddc`, dy.size, ()=>tf.fused.depthwiseConv2d({x:dy,filter:R([1,1,K,1]),strides:1,pad:'valid',bias:R([K])}))
  bench(`  dw only`, dy.size, ()=>tf.depthwiseConv2d(dy,R([1,1,K,1]),1,'valid'))
  bench(`  mul wide tile`, dy.size, ()=>{ tf.mul(tf.reshape(dy,[64,-1]), tf.tile(R([K]),[O*O]))})
  if (k==1) bench(' stock avg', 1, ()=>tf.avgPool(x,2,2,'same'))
}
