import { agreesWithCpu } from '../testing/agrees-with-cpu.ts'

agreesWithCpu('wasm')
