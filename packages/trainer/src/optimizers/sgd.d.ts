import type { Optimizer, OptimizerOptions } from './optimizer.ts';
export interface SgdOptions extends OptimizerOptions {
    /** In [0, 1). Default 0. */
    readonly momentum?: number;
    /** Look one velocity ahead. Default false. */
    readonly nesterov?: boolean;
    /** ≥ 0. Default 0. */
    readonly weightDecay?: number;
    /** Subtract `learningRate · weightDecay · θ` from θ instead of adding `weightDecay · θ` to the gradient. Default false. */
    readonly decoupled?: boolean;
}
/**
 * Stochastic gradient descent: `v ← μ v + g + λ θ`, `θ ← θ − η v` (nesterov: `θ − η (g + λ θ + μ v)`), as in PyTorch.
 *
 * @throws GpdError `config.invalid` for numbers out of range
 * @example sgd({ learningRate: cosine(0.1), momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 })
 * @see Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013
 */
export declare function sgd(options: SgdOptions): Optimizer;
//# sourceMappingURL=sgd.d.ts.map