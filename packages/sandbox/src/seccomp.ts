/**
 * A seccomp program in the kernel's classic BPF encoding: 8 bytes an instruction, as `bwrap --seccomp FD` reads it.
 *
 * S1 the default is allow: the name spaces and the file view are the wall, the filter narrows the kernel behind it.
 * S2 a foreign architecture dies (its numbers mean other calls); the x32 numbers get EPERM.
 * S3 a denied call gets EPERM, which programs handle; only `killOnSocket` kills, because ERRNO leaves no trace for us.
 */
import { CLONE3_NUMBER, SYSTEM_CALLS, type SystemCallTable } from './system-calls.ts';

export interface SeccompOptions {
  /** A process that asks for a socket (other than a local AF_UNIX one) dies by SIGSYS. */
  readonly killOnSocket: boolean;
  /** Refuses AF_INET and AF_INET6, for machines where no network namespace can be had. */
  readonly denyInternet: boolean;
}

/** The program for this architecture, or undefined where no table is known. */
export function seccompProgram(options: SeccompOptions, architecture: string = process.arch): Buffer | undefined {
  const table = SYSTEM_CALLS[architecture];
  return table === undefined ? undefined : encode(instructions(table, options));
}

interface Instruction {
  readonly code: number;
  readonly whenTrue: number;
  readonly whenFalse: number;
  readonly operand: number;
}

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;

/** Offsets in `struct seccomp_data`; arguments are 64 bits wide and their low half comes first. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const FIRST_ARGUMENT = 16;
const SECOND_ARGUMENT = 24;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
const NEW_NAMESPACES = 0x7e020000;
/** TIOCSTI and TIOCLINUX push characters into a terminal. */
const TERMINAL_INJECTION = [0x5412, 0x541c];
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
/** getifaddrs and getaddrinfo ask the kernel through it. */
const AF_NETLINK = 16;

const load = (offset: number): Instruction => ({ code: 0x20, whenTrue: 0, whenFalse: 0, operand: offset });
const answer = (verdict: number): Instruction => ({ code: 0x06, whenTrue: 0, whenFalse: 0, operand: verdict });
const unlessEqual = (operand: number, skip: number): Instruction => ({
  code: 0x15,
  whenTrue: 0,
  whenFalse: skip,
  operand,
});
const unlessAtLeast = (operand: number, skip: number): Instruction => ({
  code: 0x35,
  whenTrue: 0,
  whenFalse: skip,
  operand,
});
const unlessAnyBit = (operand: number, skip: number): Instruction => ({
  code: 0x45,
  whenTrue: 0,
  whenFalse: skip,
  operand,
});

const whenEqual = (operand: number, verdict: number): Instruction[] => [unlessEqual(operand, 1), answer(verdict)];

function instructions(table: SystemCallTable, options: SeccompOptions): Instruction[] {
  return [
    load(ARCHITECTURE),
    { ...unlessEqual(table.auditArchitecture, 0), whenTrue: 1 },
    answer(KILL_PROCESS),
    load(NUMBER),
    ...(table.x32Base === undefined ? [] : [unlessAtLeast(table.x32Base, 1), answer(EPERM)]),
    ...table.denied.flatMap((number) => whenEqual(number, EPERM)),
    ...whenEqual(CLONE3_NUMBER, ENOSYS),
    ...onCall(table.clone, [load(FIRST_ARGUMENT), unlessAnyBit(NEW_NAMESPACES, 1), answer(EPERM), answer(ALLOW)]),
    ...onCall(table.ioctl, [
      load(SECOND_ARGUMENT),
      ...TERMINAL_INJECTION.flatMap((request) => whenEqual(request, EPERM)),
      answer(ALLOW),
    ]),
    ...onCall(table.socket, socketRules(options)),
    answer(ALLOW),
  ];
}

/** `body` must end in an answer: it replaces the loaded call number. */
function onCall(number: number, body: readonly Instruction[]): Instruction[] {
  return [unlessEqual(number, body.length), ...body];
}

function socketRules({ killOnSocket, denyInternet }: SeccompOptions): Instruction[] {
  if (killOnSocket) return [load(FIRST_ARGUMENT), ...whenEqual(AF_UNIX, ALLOW), answer(KILL_PROCESS)];
  const families = denyInternet ? [AF_UNIX, AF_NETLINK] : [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK];
  return [load(FIRST_ARGUMENT), ...families.flatMap((family) => whenEqual(family, ALLOW)), answer(EPERM)];
}

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, { code, whenTrue, whenFalse, operand }] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(whenTrue, index * 8 + 2);
    bytes.writeUInt8(whenFalse, index * 8 + 3);
    bytes.writeUInt32LE(operand, index * 8 + 4);
  }
  return bytes;
}
