/** Each mechanism and each verdict, with real commands, in every tier that works for the user who runs the tests. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import {
  combinedOutput,
  createSandbox,
  degradationLine,
  removeTree,
  type SandboxResult,
  type TierName,
} from '../src/index.ts';
import { aRequest, hereIn, NODE, NODE_FOLDER, runIn, TIERS } from './tiers-under-test.ts';

const isRoot = process.getuid?.() === 0;
const shell = (script: string) => ['/bin/sh', '-c', script] as const;

async function resultIn(tier: TierName, ...rest: Parameters<typeof aRequest>): Promise<SandboxResult | string> {
  const results = await runIn(hereIn(tier), [aRequest(...rest)]);
  return typeof results === 'string' ? results : (results[0] ?? 'no result');
}

describe.each(TIERS)('in the %s tier', (tier) => {
  it('a command gets its own environment and nothing of ours', async ({ skip }) => {
    verifies('AR-1');
    verifies('AR-6');
    verifies('SP-13');
    process.env['SANDBOX_TEST_SECRET'] = 'leaked';
    onTestFinished(() => void delete process.env['SANDBOX_TEST_SECRET']);
    const environment = {
      'npm_config_odd-name': "it's",
      NODE_V8_COVERAGE: '/x',
      COVERAGE_FILE: '/y',
      HOME: '/overruled',
    };
    const result = await resultIn(tier, ['/usr/bin/env'], { environment });
    if (typeof result === 'string') return skip(result);

    const lines = result.stdout.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        "npm_config_odd-name=it's",
        'NODE_V8_COVERAGE=/x',
        'COVERAGE_FILE=/y',
        'TZ=UTC',
        'LANG=C.UTF-8',
      ]),
    );
    expect(lines.some((line) => line.startsWith('TMPDIR='))).toBe(true);
    expect(result.stdout).not.toMatch(/leaked|overruled/);
  });

  it('a command keeps its exit code, and a missing one is told apart', async ({ skip }) => {
    verifies('V-25');
    verifies('V-26');
    const failing = await resultIn(tier, shell('exit 42'));
    if (typeof failing === 'string') return skip(failing);
    expect(failing).toMatchObject({ status: 'OK', exitCode: 42, reason: 'exit code 42' });
    expect(await resultIn(tier, ['no-such-program'])).toMatchObject({
      status: 'INTERNAL_ERROR',
      exitCode: 1,
      reason: 'command not found: no-such-program',
    });
  });

  it('a command that kills itself with signal 9 did not run out of memory', async ({ skip }) => {
    verifies('AR-10');
    const result = await resultIn(tier, shell('kill -9 $$'), {
      limits: { wallTimeMs: 5000, memoryBytes: 64 * 2 ** 20 },
    });
    if (typeof result === 'string') return skip(result);
    expect(result).toMatchObject({ status: 'KILLED_KILL', exitCode: 137, reason: 'killed by SIGKILL', stderr: '' });
  });

  it('a wall timeout is 124 and says how the command was ended', async ({ skip }) => {
    verifies('V-25');
    verifies('V-26');
    verifies('AR-3');
    const result = await resultIn(tier, shell('trap "" TERM; sleep 30; sleep 30'), { limits: { wallTimeMs: 300 } });
    if (typeof result === 'string') return skip(result);
    expect(result).toMatchObject({ status: 'TIMEOUT', exitCode: 124, reason: 'wall timeout' });
    expect(result.termination?.note).toMatch(/^SIGKILL to \d+ processes$/);
    expect(result.termination?.elapsedMs).toBeLessThan(result.termination?.boundMs ?? 0);
  });

  it('spent processor time is a timeout', async ({ skip }) => {
    verifies('V-26');
    const result = await resultIn(tier, shell('while :; do :; done'), { limits: { wallTimeMs: 8000, cpuSeconds: 1 } });
    if (typeof result === 'string') return skip(result);
    expect(result).toMatchObject({ status: 'TIMEOUT', exitCode: 124, reason: 'cpu timeout of 1 s' });
  });

  it('output is cut at whole code points and invalid bytes are replaced', async ({ skip }) => {
    verifies('AR-11');
    verifies('AR-13');
    verifies('AR-15');
    const result = await resultIn(tier, shell('printf "aé€x"; printf "a\\377b" >&2'), {
      limits: { wallTimeMs: 5000, outputBytes: 5 },
    });
    if (typeof result === 'string') return skip(result);
    expect(result.stdout).toBe('aé\n[TRUNCATED at 3 bytes]');
    expect(result.stderr).toBe('a\uFFFDb');
    expect(combinedOutput(result)).toMatch(/^\[sandbox\] traceId=test duration_ms=\d+ /);
  });

  it('the work directory is writable at its own path and what was made there can be removed', async ({ skip }) => {
    const request = aRequest(shell('pwd; mkdir -p deep/er; echo made > deep/er/file; chmod 0 deep/er deep'), {
      cwd: 'sub',
    });
    const results = await runIn(hereIn(tier), [request]);
    if (typeof results === 'string') return skip(results);
    expect(results[0]).toMatchObject({ exitCode: 0, stdout: `${request.workDirectory}/sub\n` });
    await removeTree(request.workDirectory);
    expect(existsSync(request.workDirectory)).toBe(false);
  });

  it('loopback works', async ({ skip }) => {
    const script = `const s = require('node:net').createServer((c) => c.end('hello')).listen(0, '127.0.0.1', () =>
      require('node:net').connect(s.address().port, '127.0.0.1').on('data', (d) => (console.log(String(d)), process.exit())))`;
    const result = await resultIn(tier, [NODE, '-e', script], { readOnlyPaths: [NODE_FOLDER] });
    if (typeof result === 'string') return skip(result);
    expect(result).toMatchObject({ exitCode: 0, stdout: 'hello\n' });
  });

  it('read-only paths below a closed home directory can be shown', async ({ skip }) => {
    const home = mkdtempSync(join(isRoot ? homedir() : tmpdir(), '.sandbox-closed-'));
    onTestFinished(() => rmSync(home, { recursive: true }));
    chmodSync(home, 0o700);
    mkdirSync(join(home, 'shown/work'), { recursive: true });
    writeFileSync(join(home, 'shown/file'), 'shown');
    writeFileSync(join(home, 'hidden'), 'hidden');
    const script = `cat ${home}/shown/file; ls ${home}; echo new > made; echo no > ../file`;
    const result = await resultIn(tier, shell(script), {
      workDirectory: join(home, 'shown/work'),
      readOnlyPaths: [join(home, 'shown')],
    });
    if (typeof result === 'string') return skip(result);

    expect(result.stdout).toMatch(/^shown/);
    expect(readFileSync(join(home, 'shown/work/made'), 'utf8')).toBe('new\n');
    expect(result.enforced.privileges.applied).toBe(tier !== 'process-group' || !isRoot);
    if (result.enforced.filesystem.applied) {
      expect(result.stdout).toBe('shownshown\n');
      expect(readFileSync(join(home, 'shown/file'), 'utf8')).toBe('shown');
    }
  });

  it('a single file in a temporary directory can be shown without the rest', async ({ skip }) => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-file-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    chmodSync(folder, 0o755);
    for (const name of ['shown', 'other']) writeFileSync(join(folder, name), name);
    const result = await resultIn(tier, shell(`cat ${folder}/shown ${folder}/other`), {
      readOnlyPaths: [join(folder, 'shown'), '/no/such/path'],
    });
    if (typeof result === 'string') return skip(result);
    expect(result.stdout).toBe(result.enforced.filesystem.applied ? 'shown' : 'shownother');
  });

  it('strict mode refuses what is missing and names it', async ({ skip }) => {
    verifies('V-29');
    verifies('AR-12');
    const result = await resultIn(tier, ['/bin/true'], { mode: 'strict' });
    if (typeof result === 'string') return skip(result);
    if (tier === 'bubblewrap') {
      expect(result).toMatchObject({ status: 'OK', exitCode: 0 });
      expect(degradationLine(result.enforced)).toBeUndefined();
      return;
    }
    expect(result).toMatchObject({ status: 'SANDBOX_DENIED', exitCode: 1, durationMs: 0 });
    expect(result.reason).toMatch(
      tier === 'namespaces' ? /^missing here: systemCalls$/ : /^missing here: filesystem, network, processTree/,
    );
    expect(degradationLine(result.enforced)).toMatch(
      tier === 'namespaces' ? /degraded isolation: no systemCalls/ : /unisolated/,
    );
  });
});

describe('the system call filter', () => {
  it('answers EPERM to dangerous calls and leaves local sockets alone', async ({ skip }) => {
    verifies('SP-11');
    const script = `import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def attempt(*call):
    result = libc.syscall(*call)
    return os.strerror(ctypes.get_errno()) if result < 0 else 'allowed'
print(attempt(${process.arch === 'arm64' ? '97' : '272'}, 0x10000000), attempt(425, 1, 0), sep='; ')
try: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
except OSError as error: print(error.strerror)
a, b = socket.socketpair(); a.send(b'x'); socket.socket(socket.AF_UNIX); print(b.recv(1))`;
    if (!existsSync('/usr/bin/python3')) return skip('needs /usr/bin/python3');
    const result = await resultIn('bubblewrap', ['/usr/bin/python3', '-c', script]);
    if (typeof result === 'string') return skip(result);
    expect(result.stdout).toBe("Operation not permitted; Operation not permitted\nOperation not permitted\nb'x'\n");
  });

  it('kills on a socket when asked to, and the status says so', async ({ skip }) => {
    verifies('SP-11');
    const script = "require('node:net').connect(1, '127.0.0.1').on('error', () => {})";
    const request = aRequest([NODE, '-e', script], { readOnlyPaths: [NODE_FOLDER] });
    const results = await runIn(hereIn('bubblewrap'), [request], { killOnSocket: true });
    if (typeof results === 'string') return skip(results);
    expect(results[0]).toMatchObject({ status: 'SANDBOX_DENIED', exitCode: 159 });
    const refused = await runIn(hereIn('process-group'), [request], { killOnSocket: true });
    expect(refused).toMatchObject([{ status: 'SANDBOX_DENIED', durationMs: 0 }]);
  });
});

describe('the surroundings of a run', () => {
  it('a file with a second name outside the work directory keeps its owner', async ({ skip }) => {
    if (!isRoot) return skip('needs root: nobody else changes owners');
    const request = aRequest(['/bin/true']);
    const original = join(tmpdir(), `sandbox-original-${String(process.pid)}`);
    onTestFinished(() => rmSync(original));
    writeFileSync(original, '');
    linkSync(original, join(request.workDirectory, 'link'));
    await createSandbox().run(request);
    expect(statSync(original).uid).toBe(0);
    expect(statSync(request.workDirectory).uid).not.toBe(0);
  });

  it('descriptors that this process inherited do not reach the command', ({ skip }) => {
    if (!existsSync('/proc/self/fdinfo')) return skip('needs /proc/self/fdinfo');
    const child = join(import.meta.dirname, 'run-requests.ts');
    const request = aRequest(shell('for fd in /proc/$$/fd/*; do readlink $fd; done'));
    const order = JSON.stringify({ options: {}, requests: [request] });
    const secret = join(tmpdir(), `sandbox-descriptor-${String(process.pid)}`);
    onTestFinished(() => rmSync(secret));
    writeFileSync(secret, '');
    const run = spawnSync('/bin/sh', ['-c', `exec 7<${secret}; exec "$@"`, 'sh', process.execPath, child, order], {
      encoding: 'utf8',
    });
    const results = JSON.parse(run.stdout) as SandboxResult[];
    expect(results[0]?.status).toBe('OK');
    expect(results[0]?.stdout).not.toContain(secret);
  });

  it('diagnostics hold the verdict, but no argument, output or variable', async () => {
    verifies('V-28');
    verifies('SP-13');
    const file = join(mkdtempSync(join(tmpdir(), 'sandbox-diagnostics-')), 'events.jsonl');
    const lines: string[] = [];
    const sandbox = createSandbox({ diagnostics: { file, printLine: (line) => lines.push(line) } });
    await sandbox.run(aRequest(shell('echo $TOKEN hunter2'), { environment: { TOKEN: 'hunter2' } }));
    const events = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

    expect(events).toMatchObject([
      { event: 'start', traceId: 'test', enforce_network: true },
      {
        event: 'completed',
        returncode: 0,
        timed_out: false,
        status: 'OK',
        rc_mapped: false,
        reason: 'exit code 0',
        traceId: 'test',
      },
    ]);
    expect(lines).toEqual([expect.stringMatching(/^\[ci-diag\] returncode=0 timed_out=false status="OK"/)]);
    expect(JSON.stringify([events, lines])).not.toContain('hunter2');
  });

  it('host network is given on request only', async ({ skip }) => {
    verifies('V-29');
    verifies('SP-4');
    const result = await resultIn('bubblewrap', shell('cat /proc/net/dev'), { network: 'on' });
    if (typeof result === 'string') return skip(result);
    expect(result.enforced.network).toEqual({ requested: false, applied: false, reason: 'not requested' });
    const names = (text: string): string[] => [...text.matchAll(/^\s*([\w.@-]+):/gm)].map(([, name]) => name ?? '');
    expect(names(result.stdout)).toEqual(names(readFileSync('/proc/net/dev', 'utf8')));
  });
});
