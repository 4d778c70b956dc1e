import { describe, expect, it } from 'vitest';
import { seccompProgram, type SeccompOptions } from './seccomp.ts';

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const USUAL: SeccompOptions = { killOnSocket: false, denyInternet: false };

interface Call {
  readonly number: number;
  readonly architecture: number;
  readonly arguments?: readonly number[];
}

/** Runs the program as the kernel would. */
function verdict(program: Buffer, call: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number, 0);
  data.writeUInt32LE(call.architecture, 4);
  for (const [index, value] of (call.arguments ?? []).entries()) data.writeUInt32LE(value, 16 + index * 8);
  let accumulator = 0;
  for (let at = 0; at < program.length / 8; at += 1) {
    const code = program.readUInt16LE(at * 8);
    const operand = program.readUInt32LE(at * 8 + 4);
    if (code === 0x06) return operand;
    if (code === 0x20) {
      accumulator = data.readUInt32LE(operand);
      continue;
    }
    const holds =
      code === 0x15 ? accumulator === operand : code === 0x35 ? accumulator >= operand : (accumulator & operand) !== 0;
    at += program.readUInt8(at * 8 + (holds ? 2 : 3));
  }
  throw new Error('the program ran past its end');
}

const MACHINES = [
  { name: 'x64', architecture: 0xc000003e, read: 0, ptrace: 101, mount: 165, socket: 41, clone: 56, ioctl: 16 },
  { name: 'arm64', architecture: 0xc00000b7, read: 63, ptrace: 117, mount: 40, socket: 198, clone: 220, ioctl: 29 },
] as const;

describe.each(MACHINES)('the filter for $name', (machine) => {
  const { name, architecture } = machine;
  const decide = (options: SeccompOptions, number: number, ...args: number[]): number => {
    const program = seccompProgram(options, name);
    expect.assert(program !== undefined);
    return verdict(program, { number, architecture, arguments: args });
  };

  it('allows by default and refuses what a build never needs', () => {
    expect(decide(USUAL, machine.read)).toBe(ALLOW);
    expect([machine.ptrace, machine.mount, 425, 442].map((number) => decide(USUAL, number))).toEqual(
      Array(4).fill(EPERM),
    );
  });

  it('lets processes fork but not make namespaces', () => {
    expect(decide(USUAL, machine.clone, 0x01200011)).toBe(ALLOW);
    expect(decide(USUAL, machine.clone, 0x10000011)).toBe(EPERM);
    expect(decide(USUAL, 435)).toBe(ENOSYS);
  });

  it('knows socket families', () => {
    const families = [1, 2, 10, 16, 17, 40];
    const answers = (options: SeccompOptions): number[] =>
      families.map((family) => decide(options, machine.socket, family));
    expect(answers(USUAL)).toEqual([ALLOW, ALLOW, ALLOW, ALLOW, EPERM, EPERM]);
    expect(answers({ ...USUAL, denyInternet: true })).toEqual([ALLOW, EPERM, EPERM, ALLOW, EPERM, EPERM]);
    expect(answers({ ...USUAL, killOnSocket: true })).toEqual([ALLOW, KILL, KILL, KILL, KILL, KILL]);
  });

  it('keeps characters out of terminals', () => {
    expect([0x5412, 0x541c, 0x5401].map((request) => decide(USUAL, machine.ioctl, 0, request))).toEqual([
      EPERM,
      EPERM,
      ALLOW,
    ]);
  });

  it('kills a foreign architecture', () => {
    const program = seccompProgram(USUAL, name);
    expect.assert(program !== undefined);
    expect(verdict(program, { number: 0, architecture: 0x40000003 })).toBe(KILL);
  });
});

it('the second numbering of x86_64 is refused', () => {
  const program = seccompProgram(USUAL, 'x64');
  expect.assert(program !== undefined);
  expect(verdict(program, { number: 0x40000000 + 41, architecture: 0xc000003e, arguments: [2] })).toBe(EPERM);
});

it('an unknown architecture has no program', () => {
  expect(seccompProgram(USUAL, 'riscv64')).toBeUndefined();
});
