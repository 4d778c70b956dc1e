const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;

/**
 * The natural logarithm, made of operations that IEEE 754 rounds the same on every machine; `Math.log` may differ from one
 * to the next. Within some 2 ulps of the true value, by the series of fdlibm's `e_log.c` (Remez polynomial of degree 14).
 *
 * @throws RangeError for what is not a positive normal number
 */
export function naturalLog(value: number): number {
  if (!(value >= 2 ** -1022 && value < Infinity)) throw new RangeError(`${value} is no positive normal number`);
  const { exponent, fraction } = partsOf(value);
  const f = fraction - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940941908 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const half = 0.5 * f * f;
  const tail = exponent * LN2_LOW + s * (half + (even + odd));
  return exponent * LN2_HIGH - (half - tail - f);
}

const bits = new DataView(new ArrayBuffer(8));

/** `value = fraction * 2 ** exponent` with a fraction from sqrt(1/2) to sqrt(2). */
function partsOf(value: number): { readonly exponent: number; readonly fraction: number } {
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  const exponent = (high >>> 20) - 1023;
  bits.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  const fraction = bits.getFloat64(0);
  return fraction > Math.SQRT2 ? { exponent: exponent + 1, fraction: fraction / 2 } : { exponent, fraction };
}
