// exp and the scaled complementary error function for vectors: polynomials, right to about one unit in the last place.
#pragma once

#include <cstdint>

#include "vector.h"

namespace gpd {

typedef int32_t Integers __attribute__((vector_size(kWidth * sizeof(int32_t))));

template <typename... Coefficients>
inline Vector polynomial(Vector x, float last, Coefficients... before) {
  Vector value = Vector{} + last;
  ((value = value * x + before), ...);
  return value;
}

// e^x for x ≤ 0; 0 where that is below 1e-38. e^x = 2^n · e^r with |r| ≤ ln 2 / 2.
inline Vector exp_of_negative(Vector x) {
  const Vector bounded = x < -87.0f ? Vector{} - 87.0f : x;
  // Adding and subtracting 1.5 · 2^23 leaves an integer.
  const Vector n = (bounded * 1.44269504f + 12582912.0f) - 12582912.0f;
  // ln 2 in two parts: n times the first is exact.
  const Vector r = bounded - n * 0.693359375f - n * -2.12194440e-4f;
  // Least squares at Chebyshev's points, within 4e-8 of e^r relatively.
  const Vector p = polynomial(r, 0.00139485808f, 0.00837512889f, 0.0416662183f, 0.166664155f, 0.500000011f, 1.00000004f,
                              1.0f);
  const Integers exponent = (__builtin_convertvector(n, Integers) + 127) << 23;
  return x < -87.0f ? Vector{} : p * (Vector)exponent;
}

// e^(t²) · erfc(t) for 0 ≤ t ≤ 10: (1 + 2t) times it is a polynomial of u = (t - 2) / (t + 2), within 2e-8 relatively.
inline Vector scaled_erfc(Vector t) {
  const Vector shifted = t + 2.0f, slope = 1.0f + 2.0f * t;
  const Vector inverse = 1.0f / (shifted * slope);
  const Vector u = (t - 2.0f) * slope * inverse;
  const Vector p = polynomial(u, -0.000410065594f, -0.00124245897f, 0.00132059768f, 0.00864367764f, -0.00806145481f,
                              -0.0542079709f, 0.164055484f, -0.16603106f, -0.0927639877f, 1.27697839f);
  return p * shifted * inverse;
}

}  // namespace gpd
