import type { TensorRecord } from '@gpdjs/core';
/** `{ a }` → `{ 'scope/a' }`. Several owners keep their tensors in one record under different first names. */
export declare const inScope: <T>(scope: string, record: Readonly<Record<string, T>>) => Record<string, T>;
/** `{ 'scope/a', 'other/b' }` → `{ a }`. */
export declare function scopeOf<R extends TensorRecord>(scope: string, record: R): Record<string, R[string]>;
//# sourceMappingURL=scope.d.ts.map