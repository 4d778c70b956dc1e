/** Milliseconds of the machine's monotonic clock, which all processes share and no fault shifts. */
export function moment(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
