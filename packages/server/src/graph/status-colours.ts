/** Of what became of a node; the status stands beside it in words, too. */
export const STATUS_COLOURS: Readonly<Record<string, { readonly fill: string; readonly stroke: string }>> = {
  succeeded: { fill: '#dafbe1', stroke: '#1a7f37' },
  failed: { fill: '#ffebe9', stroke: '#cf222e' },
  running: { fill: '#ddf4ff', stroke: '#0969da' },
  paused: { fill: '#fff8c5', stroke: '#9a6700' },
  cancelled: { fill: '#eaeef2', stroke: '#57606a' },
  skipped: { fill: '#eaeef2', stroke: '#8c959f' },
  'not reached': { fill: '#f6f8fa', stroke: '#8c959f' },
  waiting: { fill: '#f6f8fa', stroke: '#8c959f' },
};
