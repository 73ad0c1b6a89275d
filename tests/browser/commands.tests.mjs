// What the commands print with -o json, run for real, against the published schemas.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
