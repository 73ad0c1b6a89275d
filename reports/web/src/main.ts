// Reads the report that stands in the page and draws it, the most important first.
import { add, el } from './dom';
import { findings, matches } from './findings';
import { heatmaps, insideHeatmaps } from './heatmap';
import { Model } from './model';
import { collectives, facts, nodeProbes, requirements } from './numbers';
import { outcomes } from './outcomes';
import { readReport } from './report';
import { summary } from './summary';
import { unmeasured } from './unmeasured';
import { workloads } from './workloads';

function draw(page: HTMLElement): void {
  const model = new Model(readReport());
  const { report } = model;
  document.title = `${report.verdict.toUpperCase()}: ${report.stage || 'plumbline'}`;
  add(page, summary(model), el('main', {},
    ...findings(model),
    unmeasured(model),
    workloads(model),
    heatmaps(model),
    insideHeatmaps(model),
    collectives(model),
    requirements(model),
    nodeProbes(model),
    matches(model),
    outcomes(model),
    facts(model)));
}

const page = document.getElementById('page');
if (page) {
  try {
    draw(page);
  } catch (error) {
    page.replaceChildren(el('p', { class: 'reservation', role: 'alert' },
      `The report in this page cannot be shown: ${error instanceof Error ? error.message : String(error)}.`));
  }
}
