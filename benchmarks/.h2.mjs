import * as tf0 from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
const tf = tf0.default ?? tf0
await tf.setBackend('wasm'); await tf.ready()
function bench(name, flops, f, n=20){ for(let i=0;i<3;i++) tf.tidy(()=>{f()}); const t=[]; for(let i=0;i<n;i++){const s=performance.now(); tf.tidy(()=>{f()}); t.push(performance.now()-s)} t.sort((a,b)=>a-b); const ms=t[n>>1]; console.log(name.padEnd(50), ms.toFixed(3).padStart(9),'ms', (flops/ms/1e6).toFixed(2).padStart(8),'GFLOP/s') }
const R=(s)=>tf.randomUniform(s,-1,1)
for (const [H,C,K,S] of [[28,8,8,1],[14,16,16,1],[7,32,32,1],[28,16,16,1],[14,32,32,1],[7,64,64,1],[28,8,16,2],[28,1,8,1]]) {
  const x=R([64,H,H,C]), w=R([3,3,C,K]); const O=Math.ceil(H/S)
  const fl=2*64*O*O*9*C*K
  bench(`conv ${H} ${C}->${K} s${S}`, fl, ()=>tf.conv2d(x,w,S,'same'))
  const a=R([64*O*O,9*C]), b=R([9*C,K]), at=R([9*C,64*O*O]), dy=R([64*O*O,K])
  bench(`  matmul col`, fl, ()=>tf.matMul(a,b))
  bench(`  matmul at dy`, fl, ()=>tf.matMul(at,dy))
  bench(`  matmul stock transA`, fl, ()=>tf.matMul(a,dy,true,false),5)
  bench(`  transpose a (bytes)`, 64*O*O*9*C*4, ()=>tf.transpose(a))
  bench(`  transpose x 2d (bytes)`, 64*H*H*C*4, ()=>tf.transpose(tf.reshape(x,[64,-1])))
  bench(`  transpose x CHWN (bytes)`, 64*H*H*C*4, ()=>tf.transpose(x,[3,1,2,0]))
  bench(`  pad (bytes)`, 64*H*H*C*4, ()=>tf.pad(x,[[0,0],[1,1],[1,1],[0,0]]))
  bench(`  slice (bytes)`, 64*H*H*C*4, ()=>tf.slice(x,[0,1,1,0],[-1,H-1,H-1,C]))
  bench(`  mul xx (n)`, 64*H*H*C, ()=>tf.mul(x,x))
  const v=R([C])
  bench(`  mul xc (n)`, 64*H*H*C, ()=>tf.mul(x,v))
  bench(`  add xc (n)`, 64*H*H*C, ()=>tf.add(x,v))
  bench(`  relu (n)`, 64*H*H*C, ()=>tf.relu(x))
  bench(`  step (n)`, 64*H*H*C, ()=>tf.step(x))
  bench(`  square (n)`, 64*H*H*C, ()=>tf.square(x))
  bench(`  sum 012 (n)`, 64*H*H*C, ()=>tf.sum(x,[0,1,2]))
  const one=tf.ones([1,64*H*H])
  bench(`  sum by matmul (n)`, 64*H*H*C, ()=>tf.matMul(one,tf.reshape(x,[-1,C])))
}
