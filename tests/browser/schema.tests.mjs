import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { needed, sample, samples, skip } from './lib.mjs';

const Ajv = needed('ajv/dist/2020').default;
if (!existsSync(sample('healthy.json'))) skip('the sample reports were not written');
const published = JSON.parse(readFileSync(new URL('../../docs/schema/report.schema.json', import.meta.url), 'utf8'));
const read = (name) => JSON.parse(readFileSync(sample(`${name}.json`), 'utf8'));

/** The published schema is open, for readers; what we write ourselves holds nothing that it does not name. */
function closed(schema) {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  if (copy.type === 'object' && copy.properties && copy.additionalProperties === undefined) copy.additionalProperties = false;
  return copy;
}

const options = { allErrors: false, strict: true, strictRequired: false, strictTypes: false };
const isReport = new Ajv(options).compile(published);
const isOurs = new Ajv(options).compile(closed(published));

for (const name of samples) {
  test(`report.json of ${name} holds to the schema, and nothing that the schema does not name`, () => {
    assert.ok(isReport(read(name)), JSON.stringify(isReport.errors));
    assert.ok(isOurs(read(name)), JSON.stringify(isOurs.errors));
  });
}

test('A report of a later v1 with a field more is still a report', () => {
  const report = read('healthy');
  report.later = 1;
  report.outcomes[0].later = 1;
  assert.ok(isReport(report));
  assert.ok(!isOurs(report));
});

const faults = {
  'an unknown verdict': (report) => { report.verdict = 'ok'; },
  'another schema': (report) => { report.schema = 'plumbline.report/v2'; },
  'a share over 1': (report) => { report.coverage.pairs = 1.5; },
  'no coverage': (report) => { delete report.coverage; },
  'a measured outcome without its interval': (report) => { delete report.outcomes.at(-1).interval; },
  'a skipped outcome without its reason': (report) => { report.outcomes[0] = { ...report.outcomes[0], status: 'skipped' }; },
  'a skipped outcome with a value': (report) => { report.outcomes[0] = { ...report.outcomes[0], status: 'skipped', reason: 'x' }; },
  'a failed outcome with an unknown code': (report) => {
    const { probe, from, to, parameters } = report.outcomes[0];
    report.outcomes[0] = { probe, from, to, parameters, took_s: 0, status: 'failed', reason: 'x', error_code: 'oops' };
  },
  'a value in words': (report) => { report.outcomes[0].value = '12 MB/s'; },
  'an unknown finding verdict': (report) => { report.findings[0].verdict = 'fine'; },
};
for (const [what, spoil] of Object.entries(faults)) {
  test(`A report with ${what} does not hold to the schema`, () => {
    const report = read('healthy');
    spoil(report);
    assert.ok(!isReport(report));
  });
}
