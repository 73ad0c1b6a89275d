import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import test, { after } from 'node:test';
import { join } from 'node:path';
import { launch, open, openFile, sample, samples, work } from './lib.mjs';

const browser = await launch();
after(() => browser.close());

const verdicts = {
  healthy: 'PASS', 'slow-nic': 'FAIL', ambiguous: 'FAIL', 'dead-agent': 'INCONCLUSIVE', hostile: 'FAIL',
  'from-fakes': 'PASS', interrupted: 'INCONCLUSIVE', empty: 'INCONCLUSIVE', gpus: 'FAIL', large: 'FAIL',
};

for (const name of samples) {
  test(`The page of ${name} draws its verdict without an error and without any request`, async () => {
    const { page, problems } = await open(browser, name);
    assert.match(await page.locator('h1').innerText(), new RegExp(`${verdicts[name]}`));
    assert.match(await page.title(), new RegExp(`^${verdicts[name]}: `));
    assert.deepEqual(problems, []);
    await page.close();
  });
}

test('A report made from fakes or interrupted says so above its verdict', async () => {
  const fakes = await open(browser, 'from-fakes');
  assert.match(await fakes.page.locator('.summary > :first-child').innerText(), /fake drivers: not evidence/);
  const cut = await open(browser, 'interrupted');
  assert.match(await cut.page.locator('.summary > :first-child').innerText(), /Interrupted: deadline of 10m reached/);
});

test('A culprit stands with claimed, there, measured and expected side by side, and the next step', async () => {
  const { page } = await open(browser, 'slow-nic');
  const card = page.locator('.card').first();
  assert.match(await card.locator('h3').innerText(), /nic node-3\/ens1 \(rail-a\)/);
  assert.deepEqual(await card.locator('h4').allTextContents(), ['Claimed', 'There', 'Measured', 'Expected']);
  const tops = await card.locator('.column').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
  assert.equal(new Set(tops).size, 1);
  assert.match(await card.locator('.next').innerText(), /Check cable/);
  assert.match(await card.locator('.column').nth(2).innerText(), /3\.7\sMB\/s 29\s% of expected/);
});

test('What cannot be told apart is shown as one set', async () => {
  const { page } = await open(browser, 'ambiguous');
  assert.deepEqual(await page.locator('.ambiguity li').allTextContents(), ['uplink rack-2/rail-b', 'nic node-3/ens2 (rail-b)']);
});

test('What was not measured is grouped by its reason, with the node that all of it touches', async () => {
  const { page } = await open(browser, 'dead-agent');
  const group = page.locator('#unmeasured .unmeasured');
  assert.equal(await group.count(), 1);
  assert.match(await group.innerText(), /agent on node-5 does not answer[^]*42 measurements, all touch node-5/);
});

test('Controls and pods of the stage stand with their bindings, trouble first', async () => {
  const { page } = await open(browser, 'interrupted');
  const part = page.locator('#workloads');
  assert.match(await part.locator('.reservation').first().innerText(), /Ended: pod .*gang-1/);
  assert.match(await part.locator('.reservation').nth(1).innerText(), /Left behind: Job/);
  assert.deepEqual(await part.locator('.tag').allTextContents(), ['behaved', 'did not behave']);
  assert.equal(await part.locator('tbody tr').count(), 3);
  assert.match(await part.locator('tbody tr').nth(2).innerText(), /not bound: Unschedulable/);
});

test('Collectives show their bar and where it should end', async () => {
  const { page } = await open(browser, 'healthy');
  assert.equal(await page.locator('.bar').count(), 4);
  assert.equal(await page.locator('.bar-expected').count(), 4);
});

test('Data that is no report is one sentence, not an empty page', async () => {
  const broken = readFileSync(sample('healthy.html'), 'utf8').replace('plumbline.report/v1', 'plumbline.report/v9');
  const file = join(work, 'samples', 'other-schema.html');
  writeFileSync(file, broken);
  const { page } = await openFile(browser, file);
  assert.match(await page.locator('[role=alert]').innerText(), /cannot be shown: its schema is plumbline.report\/v9/);
});
