// What the commands print with -o json, run for real, against the published schemas.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { needed } from './lib.mjs';

const Ajv = needed('ajv/dist/2020').default;
const schema = (name) => JSON.parse(readFileSync(new URL(`../../docs/schema/${name}.schema.json`, import.meta.url), 'utf8'));
const ajv = new Ajv({ strict: true, strictRequired: false, strictTypes: false });
ajv.addSchema(schema('report'));

function print(...words) {
  const ended = spawnSync(join(process.env.PLUMBLINE_BIN, 'plumbline'), [...words, '-o', 'json'], { encoding: 'utf8' });
  return { code: ended.status, said: JSON.parse(ended.stdout) };
}

test('plumbline inventory -o json holds to its schema', () => {
  const holds = ajv.compile(schema('inventory'));
  const { code, said } = print('inventory');
  assert.equal(code, 0);
  assert.ok(holds(said), JSON.stringify(holds.errors));
  delete said.topology.network_devices;
  assert.ok(!holds(said));
});

test('plumbline probe -o json holds to its schema', () => {
  const holds = ajv.compile(schema('outcomes'));
  const { said } = print('probe', 'loopback_latency', '--budget', '0.5');
  assert.equal(said.outcomes.length, 1);
  assert.ok(holds(said), JSON.stringify(holds.errors));
  delete said.outcomes[0].status;
  assert.ok(!holds(said));
});

const SPACE = '/namespaces/plumbline';
const LEASES = `/apis/coordination.k8s.io/v1${SPACE}/leases`;
const JOBS = `/apis/batch/v1${SPACE}/jobs`;

/** An API server with one run whose Lease expired and one Job of it, which it may refuse to delete. */
function cluster(refused) {
  const lists = {
    [LEASES]: [{ metadata: { name: 'plumbline-dead', labels: { 'plumbline.dev/run': 'dead' } },
      spec: { leaseDurationSeconds: 30, renewTime: '2020-01-01T00:00:00.000000Z' } }],
    [JOBS]: [{ metadata: { name: 'plumbline-dead-gang' } }],
    [`/api/v1${SPACE}/pods`]: [],
  };
  return createServer((request, response) => {
    const path = request.url.split('?')[0];
    const forbidden = request.method === 'DELETE' && refused && path.startsWith(JOBS);
    const answer = path === '/apis' ? { groups: [{ versions: [{ groupVersion: 'batch/v1' }] }] }
      : { kind: 'List', metadata: { resourceVersion: '1' }, items: lists[path] ?? [] };
    response.writeHead(forbidden ? 403 : 200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(forbidden ? { kind: 'Status', message: 'jobs is forbidden' } : answer));
  });
}

/** `plumbline sweep -o json` against it. */
async function sweep(refused) {
  const server = cluster(refused);
  await new Promise((ready) => { server.listen(0, '127.0.0.1', ready); });
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-sweep-'));
  const file = join(folder, 'kubeconfig');
  writeFileSync(file, JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${server.address().port}` } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }));
  const running = spawn(join(process.env.PLUMBLINE_BIN, 'plumbline'), ['sweep', '--kubeconfig', file, '-o', 'json']);
  let text = '';
  running.stdout.on('data', (piece) => { text += piece; });
  const code = await new Promise((ended) => { running.on('close', ended); });
  await new Promise((closed) => { server.close(closed); server.closeAllConnections(); });
  rmSync(folder, { recursive: true });
  return { code, said: JSON.parse(text) };
}

test('plumbline sweep -o json holds to its schema, with what was deleted and what was not', async () => {
  const holds = ajv.compile(schema('swept'));
  const gone = await sweep(false);
  assert.equal(gone.code, 0);
  assert.ok(holds(gone.said), JSON.stringify(holds.errors));
  assert.deepEqual(gone.said.runs[0].left, []);
  assert.ok(gone.said.runs[0].deleted.includes('Job plumbline-dead-gang'));
  const kept = await sweep(true);
  assert.notEqual(kept.code, 0);
  assert.ok(holds(kept.said), JSON.stringify(holds.errors));
  assert.match(kept.said.runs[0].left[0], /^Job plumbline-dead-gang: /);
  delete kept.said.runs[0].left;
  assert.ok(!holds(kept.said));
});
