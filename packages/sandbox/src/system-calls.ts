/**
 * System call numbers of the architectures that the filter knows (Linux uapi; arm64 uses the generic table).
 *
 * `denied` holds what a build or a test never needs and what has widened the kernel's attack surface before: tracing
 * other processes, loading code into the kernel, key rings, mounts, new namespaces, io_uring, handles to closed files.
 */
export interface SystemCallTable {
  /** `AUDIT_ARCH_*` of the kernel's seccomp data. */
  readonly auditArchitecture: number;
  /** First number of the x32 range, which repeats every call under another number. */
  readonly x32Base?: number;
  readonly socket: number;
  readonly clone: number;
  readonly ioctl: number;
  readonly denied: readonly number[];
}

/** Same number on every architecture: they were added after the tables were unified. */
const CLONE3 = 435;
const IO_URING = [425, 426, 427];
const MOUNT_INTERFACE = [428, 429, 430, 431, 432, 433, 442];

const X86_64: SystemCallTable = {
  auditArchitecture: 0xc000003e,
  x32Base: 0x40000000,
  socket: 41,
  clone: 56,
  ioctl: 16,
  denied: [
    ...[101, 310, 311, 312], // ptrace, process_vm_readv, process_vm_writev, kcmp
    ...[321, 298, 323], // bpf, perf_event_open, userfaultfd
    ...[248, 249, 250], // add_key, request_key, keyctl
    ...[165, 166, 155, 161], // mount, umount2, pivot_root, chroot
    ...[272, 308], // unshare, setns
    ...[246, 320, 175, 313, 176], // kexec_load, kexec_file_load, init_module, finit_module, delete_module
    ...[304, 163, 167, 168, 169, 179, 103], // open_by_handle_at, acct, swapon, swapoff, reboot, quotactl, syslog
    ...[172, 173, 164, 227, 159, 305], // iopl, ioperm, settimeofday, clock_settime, adjtimex, clock_adjtime
    ...IO_URING,
    ...MOUNT_INTERFACE,
  ],
};

const ARM64: SystemCallTable = {
  auditArchitecture: 0xc00000b7,
  socket: 198,
  clone: 220,
  ioctl: 29,
  denied: [
    ...[117, 270, 271, 272],
    ...[280, 241, 282],
    ...[217, 218, 219],
    ...[40, 39, 41, 51],
    ...[97, 268],
    ...[104, 294, 105, 273, 106],
    ...[265, 89, 224, 225, 142, 60, 116],
    ...[170, 112, 171, 266],
    ...IO_URING,
    ...MOUNT_INTERFACE,
  ],
};

/** Tables by `process.arch`. */
export const SYSTEM_CALLS: Readonly<Partial<Record<string, SystemCallTable>>> = { x64: X86_64, arm64: ARM64 };

/** Its flags lie behind a pointer, which a filter cannot read: it answers ENOSYS and libraries fall back to `clone`. */
export const CLONE3_NUMBER = CLONE3;
